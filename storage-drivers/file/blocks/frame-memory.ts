/**
 * Memory for block frames that are filled, or read. That of the usual size is used again and again: to leave it to the garbage collector and ask for
 * more would keep the collector busy as long as messages come in.
 */
import { FRAME_TRAILER_BYTES, SECTOR_BYTES, TAG_BYTES } from '../journal/frame-format.ts';

/** Behind the records of a frame, for what ends it. */
export const ROOM_BEHIND = TAG_BYTES + FRAME_TRAILER_BYTES + SECTOR_BYTES;
const BYTES_AT_FIRST = 1024;
const GROWTH = 4;
const WINDOWS_KEPT = 4;

export class FrameMemory {
  private readonly usualBytes: number;
  private readonly spareMax: number;
  private readonly spare: Uint8Array[] = [];

  /** For frames of so many bytes; what is kept for later takes no more than `spareBytesMax`. */
  constructor(frameBytes: number, spareBytesMax: number) {
    this.usualBytes = frameBytes + ROOM_BEHIND;
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

  giveBack(bytes: Uint8Array): void {
    if (bytes.length === this.usualBytes && this.spare.length < this.spareMax) this.spare.push(bytes);
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
