/**
 * Memory for block frames that are filled. That of the usual size is used again and again: to leave it to the garbage collector and ask for
 * more would keep the collector busy as long as messages come in.
 */
import { FRAME_TRAILER_BYTES, SECTOR_BYTES, TAG_BYTES } from '../journal/frame-format.ts';

/** Behind the records of a frame, for what ends it. */
export const ROOM_BEHIND = TAG_BYTES + FRAME_TRAILER_BYTES + SECTOR_BYTES;
const BYTES_AT_FIRST = 1024;
const GROWTH = 4;

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
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(usualBytes);
  }

  giveBack(bytes: Uint8Array): void {
    if (bytes.length === this.usualBytes && this.spare.length < this.spareMax) this.spare.push(bytes);
  }
}
