/** A run of records within a block: in memory, in the block's file, or in both. */
import { viewOf } from '../numbers.ts';
import { type FrameMemory, ROOM_BEHIND } from './frame-memory.ts';

const NOTHING = new Uint8Array(0);
const NO_VIEW = viewOf(NOTHING);

export class BlockFrame {
  /** Where its records begin, counted over all that was ever appended to the block. */
  readonly start: number;
  length = 0;
  recordCount = 0;
  isInMemory: boolean;
  /** Its place in the file, -1 as long as it has none. */
  position = -1;
  storedBytes = 0;
  /** The place that it is being written to. */
  promised = -1;
  /** Of one that was adopted: how long it is in the file, and where in it the first record begins that counts. */
  wholeLength = 0;
  firstAt = 0;
  /** It goes to the file before the journal speaks of it. */
  isPlaced = false;
  /** Nothing is added any more. */
  isSealed = false;
  /** It was looked at since the cache last passed by. */
  isTouched = false;
  /** What is in the file is damaged, and that was told. */
  isBroken = false;
  /** How often what stands in the file was overwritten, and the time being until that is over. */
  changes = 0;
  changed: Promise<void> | null = null;
  private memory: FrameMemory | null;
  private own: Uint8Array = NOTHING;
  private ownView: DataView = NO_VIEW;
  /** The newest records, which still lie somewhere else; null when there are none. */
  private lent: Uint8Array | null = null;
  private lentFrom = 0;
  private lentTo = 0;
  private isLeft = false;

  /** `memory`: where that of a frame comes from that is filled here. */
  constructor(start: number, isInMemory: boolean, memory: FrameMemory | null = null) {
    this.start = start;
    this.isInMemory = isInMemory;
    this.memory = memory;
  }

  get end(): number {
    return this.start + this.length;
  }

  get memoryBytes(): number {
    return this.own.length;
  }

  /** The records, with room behind them for what ends a frame. */
  get bytes(): Uint8Array {
    if (this.lent !== null) this.settle();
    return this.own;
  }

  get view(): DataView {
    if (this.lent !== null) this.settle();
    return this.ownView;
  }

  /**
   * One more record, which stands whole in other memory. It stays there until `settle`, or until somebody wants to see it: records that
   * follow each other are copied as one.
   */
  add(bytes: Uint8Array, from: number, size: number, isLeft = false): void {
    if (this.lent === bytes && this.lentTo === from) this.lentTo = from + size;
    else {
      if (this.lent !== null) this.settle();
      this.lent = bytes;
      this.lentFrom = from;
      this.lentTo = from + size;
      this.isLeft = isLeft;
    }
    this.length += size;
    this.recordCount++;
  }

  /** Room for a record in memory of its own, which is filled by whoever asks; answers where. */
  open(size: number): number {
    const at = this.length;
    if (at === 0) {
      this.own = this.memory!.takeWith(size);
      this.ownView = viewOf(this.own);
    }
    this.length += size;
    this.recordCount++;
    return at;
  }

  /** The memory that records came from may be used for something else. */
  settle(): void {
    const { lent } = this;
    if (lent === null) return;
    this.lent = null;
    const settled = this.length - (this.lentTo - this.lentFrom);
    if (settled === 0 && this.mayKeep(lent)) {
      this.own = lent;
      this.ownView = viewOf(lent);
      return;
    }
    this.makeRoom(settled);
    this.own.set(lent.subarray(this.lentFrom, this.lentTo), settled);
  }

  /** The newest records are taken back. */
  shorten(length: number, recordCount: number): void {
    this.settle();
    this.length = length;
    this.recordCount = recordCount;
  }

  /** The records, read from the file: they are copied. */
  bringIn(bytes: Uint8Array, from: number, to: number, memory: FrameMemory): void {
    const own = memory.takeFor(to - from);
    own.set(bytes.subarray(from, to));
    this.memory = memory;
    this.own = own;
    this.ownView = viewOf(own);
    this.isInMemory = true;
    this.isTouched = true;
  }

  /** Overwrites it in the file. Who read there meanwhile saw neither the one nor the other. */
  async changing(work: () => Promise<void>): Promise<void> {
    this.changes++;
    this.changed = work();
    try {
      await this.changed;
    } finally {
      this.changed = null;
    }
  }

  letGo(): void {
    const { own } = this;
    this.lent = null;
    this.own = NOTHING;
    this.ownView = NO_VIEW;
    this.isInMemory = false;
    this.memory?.giveBack(own);
  }

  /** A single large record need not be copied. */
  private mayKeep(lent: Uint8Array): boolean {
    return this.isLeft && this.lentFrom === 0 && this.recordCount === 1 && lent.length <= this.length + ROOM_BEHIND;
  }

  private makeRoom(keep: number): void {
    const needed = this.length + ROOM_BEHIND;
    const { own } = this;
    if (needed <= own.length || this.memory === null) return;
    const next = this.memory.take(needed, own.length, this.start > 0);
    next.set(own.subarray(0, keep));
    this.own = next;
    this.ownView = viewOf(next);
    this.memory.giveBack(own);
  }
}
