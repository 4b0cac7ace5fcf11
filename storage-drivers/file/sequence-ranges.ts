/** Ranges of sequences, apart from each other and in order. */
import type { SequenceRange } from '../contract.ts';

export class SequenceRanges {
  /** How many sequences there are in all. */
  size = 0;
  private ranges: SequenceRange[] = [];

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  get list(): readonly SequenceRange[] {
    return this.ranges;
  }

  has(seq: number): boolean {
    const range = this.ranges[this.indexFrom(seq)];
    return range !== undefined && range.from <= seq;
  }

  /** Whether any of them lies between the two. */
  meets(from: number, to: number): boolean {
    const range = this.ranges[this.indexFrom(from)];
    return range !== undefined && range.from <= to;
  }

  add(from: number, to: number): void {
    if (from > to) return;
    const first = this.indexFrom(from - 1);
    let end = first;
    const joined = { from, to };
    for (; end < this.ranges.length && this.ranges[end]!.from <= to + 1; end++) {
      const range = this.ranges[end]!;
      this.size -= lengthOf(range);
      joined.from = Math.min(joined.from, range.from);
      joined.to = Math.max(joined.to, range.to);
    }
    this.ranges.splice(first, end - first, joined);
    this.size += lengthOf(joined);
  }

  remove(from: number, to: number): void {
    if (this.ranges.length === 0 || from > to) return;
    const first = this.indexFrom(from);
    let end = first;
    const left: SequenceRange[] = [];
    for (; end < this.ranges.length && this.ranges[end]!.from <= to; end++) {
      const range = this.ranges[end]!;
      this.size -= lengthOf(range);
      if (range.from < from) left.push({ from: range.from, to: from - 1 });
      if (range.to > to) left.push({ from: to + 1, to: range.to });
    }
    if (end === first) return;
    this.ranges.splice(first, end - first, ...left);
    for (const range of left) this.size += lengthOf(range);
  }

  /** The first range that ends at or above. */
  private indexFrom(seq: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.to < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lengthOf({ from, to }: SequenceRange): number {
  return to - from + 1;
}
