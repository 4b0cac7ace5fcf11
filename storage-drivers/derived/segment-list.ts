/**
 * What belongs to sequences, in pieces of 4,096 sequences each. Pieces without anything are left out, so that a gap
 * costs nothing however wide it is.
 */
export const SEGMENT_SLOTS = 4096;

/** So many dropped segments are kept at the front of the array before it is moved up. */
const HEAD_MAX = 64;

export interface Segment {
  /** Its first sequence, a multiple of `SEGMENT_SLOTS`. */
  readonly base: number;
}

/** The base of the segment that a sequence belongs to. */
export function baseOf(seq: number): number {
  return Math.floor(seq / SEGMENT_SLOTS) * SEGMENT_SLOTS;
}

export class SegmentList<S extends Segment> {
  private items: S[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  at(index: number): S {
    return this.items[this.head + index]!;
  }

  get newest(): S | null {
    return this.length === 0 ? null : this.items[this.items.length - 1]!;
  }

  find(seq: number): S | null {
    const { newest } = this;
    // Most of what is asked for came lately.
    if (newest === null || seq >= newest.base)
      return newest !== null && seq < newest.base + SEGMENT_SLOTS ? newest : null;
    // With nothing left out, it stands where it is counted to.
    const expected = this.head + Math.floor((seq - this.items[this.head]!.base) / SEGMENT_SLOTS);
    const there = this.items[expected];
    if (there !== undefined && expected >= this.head && seq >= there.base && seq < there.base + SEGMENT_SLOTS)
      return there;
    const index = this.indexFrom(seq);
    if (index === this.length) return null;
    const segment = this.at(index);
    return segment.base <= seq ? segment : null;
  }

  /** The first segment with sequences at or above; `length` when there is none. */
  indexFrom(seq: number): number {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.items[middle]!.base + SEGMENT_SLOTS > seq) high = middle;
      else low = middle + 1;
    }
    return low - this.head;
  }

  /** The last segment with sequences at or below; -1 when there is none. */
  indexUpTo(seq: number): number {
    const index = this.indexFrom(seq);
    return index < this.length && this.at(index).base <= seq ? index : index - 1;
  }

  push(segment: S): void {
    this.items.push(segment);
  }

  /** Puts a segment where it belongs, which is rarely anywhere but at the end. */
  insert(segment: S): void {
    this.items.splice(this.head + this.indexFrom(segment.base), 0, segment);
  }

  replace(index: number, segment: S): void {
    this.items[this.head + index] = segment;
  }

  removeAt(index: number): void {
    if (index === 0) this.dropFirst(1);
    else this.items.splice(this.head + index, 1);
  }

  dropFirst(count: number): void {
    this.head += count;
    if (this.head < HEAD_MAX && this.head < this.items.length) return;
    this.items = this.items.slice(this.head);
    this.head = 0;
  }

  truncate(length: number): void {
    this.items.length = this.head + length;
  }

  toArray(): S[] {
    return this.items.slice(this.head);
  }
}
