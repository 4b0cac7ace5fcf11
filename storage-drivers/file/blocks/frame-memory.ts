/**
 * Memory for block frames that are filled, or read. That of the usual size is used again and again: to leave it to the garbage collector and ask for
 * more would keep the collector busy as long as messages come in.
 */
import { FRAME_TRAILER_BYTES, SECTOR_BYTES, TAG_BYTES } from '../journal/frame-format.ts';

/** Behind the records of a frame, for what ends it. */
export const ROOM_BEHIND = TAG_BYTES + FRAME_TRAILER_BYTES + SECTOR_BYTES;
const BYTES_AT_FIRST = 1024;
const GROWTH = 4;
const LARGE_STEP = 16_384;
const WINDOWS_KEPT = 4;

export class FrameMemory {
  private readonly usualBytes: number;
  private readonly spareMax: number;
  private readonly spare: Uint8Array[] = [];
  /** By their size. */
  private readonly large = new Map<number, Uint8Array[]>();
  private readonly largeMax: number;
  private largeBytes = 0;

  /** For frames of so many bytes; what is kept for later takes no more than `spareBytesMax`, and as much for large ones. */
  constructor(frameBytes: number, spareBytesMax: number) {
    this.usualBytes = frameBytes + ROOM_BEHIND;
    this.largeMax = spareBytesMax;
    this.spareMax = Math.floor(spareBytesMax / this.usualBytes);
  }

  /** At least `needed` bytes for a frame that had `had`. The first frame of a block may remain a small one. */
  take(needed: number, had: number, isAmongMany: boolean): Uint8Array {
    const { usualBytes } = this;
    if (needed > usualBytes) return Buffer.allocUnsafeSlow(needed);
    const size = isAmongMany ? usualBytes : Math.max(needed, BYTES_AT_FIRST, had * GROWTH);
    if (size < usualBytes) return Buffer.allocUnsafeSlow(size);
    return this.usual();
  }

  /** For so many bytes that are there already: what is much smaller than usual has memory of its size. */
  takeFor(length: number): Uint8Array {
    const { usualBytes } = this;
    if (length > usualBytes || length * 2 < usualBytes) return Buffer.allocUnsafeSlow(length);
    return this.usual();
  }

  /** For a frame that begins with so many bytes. That of large ones is of few sizes, so that it is used again too. */
  takeWith(length: number): Uint8Array {
    const needed = length + ROOM_BEHIND;
    if (needed <= this.usualBytes) return this.usual();
    const size = Math.ceil(needed / LARGE_STEP) * LARGE_STEP;
    const kept = this.large.get(size)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(size);
    this.largeBytes -= size;
    return kept;
  }

  giveBack(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === this.usualBytes) {
      if (this.spare.length < this.spareMax) this.spare.push(bytes);
    } else if (length > this.usualBytes && length % LARGE_STEP === 0 && this.largeBytes + length <= this.largeMax) {
      const same = this.large.get(length);
      if (same === undefined) this.large.set(length, [bytes]);
      else same.push(bytes);
      this.largeBytes += length;
    }
  }

  private usual(): Uint8Array {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(this.usualBytes);
  }
}

/** For what is read from files in one go: frames take a little more there. */
export function windowMemoryFor(options: {
  readonly loadBytes: number;
  readonly blockFrameBytes: number;
}): FrameMemory {
  const windowBytes = options.loadBytes + options.blockFrameBytes;
  return new FrameMemory(windowBytes, WINDOWS_KEPT * (windowBytes + ROOM_BEHIND));
}
