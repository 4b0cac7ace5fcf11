/** A run of records within a block: in memory, in the block's file, or in both. */
import { FRAME_TRAILER_BYTES, SECTOR_BYTES, TAG_BYTES } from '../journal/frame-format.ts';
import { viewOf } from '../numbers.ts';

/** Room behind the records for what ends a frame. */
const END_BYTES = TAG_BYTES + FRAME_TRAILER_BYTES + SECTOR_BYTES;
const BYTES_AT_FIRST = 1024;
const GROWTH = 4;
const NOTHING = new Uint8Array(0);
const NO_VIEW = viewOf(NOTHING);

export class BlockFrame {
  /** Where its records begin, counted over all that was ever appended to the block. */
  readonly start: number;
  length = 0;
  recordCount = 0;
  bytes: Uint8Array = NOTHING;
  view: DataView = NO_VIEW;
  isInMemory: boolean;
  /** Its place in the file, -1 as long as it has none. */
  position = -1;
  storedBytes = 0;
  /** Nothing is added any more. */
  isSealed = false;
  /** It was looked at since the cache last passed by. */
  isTouched = false;
  /** What is in the file is damaged, and that was told. */
  isBroken = false;

  constructor(start: number, isInMemory: boolean) {
    this.start = start;
    this.isInMemory = isInMemory;
  }

  get end(): number {
    return this.start + this.length;
  }

  get memoryBytes(): number {
    return this.bytes.length;
  }

  /** Makes room for one more record; answers where it begins. */
  open(size: number, bytesMax: number): number {
    const needed = this.length + size + END_BYTES;
    if (needed > this.bytes.length) {
      const usual = Math.min(bytesMax + END_BYTES, Math.max(BYTES_AT_FIRST, this.bytes.length * GROWTH));
      this.hold(Buffer.allocUnsafeSlow(Math.max(needed, usual)), this.length);
    }
    return this.length;
  }

  /** The records, read from the file. */
  bringIn(records: Uint8Array): void {
    this.bytes = records;
    this.view = viewOf(records);
    this.isInMemory = true;
    this.isTouched = true;
  }

  letGo(): void {
    this.bytes = NOTHING;
    this.view = NO_VIEW;
    this.isInMemory = false;
  }

  private hold(bytes: Uint8Array, keep: number): void {
    bytes.set(this.bytes.subarray(0, keep));
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}
