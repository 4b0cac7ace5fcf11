/**
 * Where bytes of a hash were last seen. Positions are kept with a base that grows from block to block, so that what an earlier
 * block left is older than any position of this one, and nothing has to be wiped for a block of a few hundred bytes.
 */

/** Before positions get near to the end of 31 bits, the table is wiped. */
const BASE_MAX = 2 ** 30;
const NONE = new Int32Array(0);

/** What a block may hold, with room for the positions. */
export const POSITIONS_MAX = BASE_MAX - 1;

export class PositionTable {
  /** Made when the first block is opened. */
  entries: Int32Array = NONE;
  private readonly size: number;
  private next = 1;

  constructor(bits: number) {
    this.size = 1 << bits;
  }

  /** Begins a block: answers what to add to positions before they are kept. An entry below it is not of this block. */
  open(length: number): number {
    if (this.entries.length === 0) this.entries = new Int32Array(this.size);
    if (this.next + length > BASE_MAX) {
      this.entries.fill(0);
      this.next = 1;
    }
    const base = this.next;
    this.next += length;
    return base;
  }
}
