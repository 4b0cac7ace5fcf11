/**
 * One block of memory for everything that is on its way through: what is read, and what is about to be written.
 *
 * Reads and writes share one array because then a message is copied with `copyWithin`, which costs about 20 ns
 * whatever the length; a copy between two arrays needs a view object and costs three times that. The memory is
 * committed by the operating system only where it is touched.
 */

/** Room before the read region for the unfinished frame of the read before. */
export const HEADROOM = 65536;
export const READ_SIZE = 131_072;
export const CHUNK_SIZE = 131_072;
export const CHUNK_COUNT = 128;

/** Where what was unpacked is read: another region like that for reads, beside it. */
const UNPACKED_START = HEADROOM + READ_SIZE + HEADROOM;
const CHUNKS_START = UNPACKED_START + READ_SIZE;

export class Arena {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(CHUNKS_START + CHUNK_COUNT * CHUNK_SIZE);
  readonly readStart = HEADROOM;
  readonly unpackedStart = UNPACKED_START;
  readonly readBuffer: Buffer = this.bytes.subarray(HEADROOM, HEADROOM + READ_SIZE);
  private handedOut = 0;

  get isTaken(): boolean {
    return this.handedOut === CHUNK_COUNT;
  }

  get chunksLeft(): number {
    return CHUNK_COUNT - this.handedOut;
  }

  /** Where a chunk begins that was never used, or -1. Whoever gets one keeps it for further use. */
  take(): number {
    return this.isTaken ? -1 : CHUNKS_START + this.handedOut++ * CHUNK_SIZE;
  }
}
