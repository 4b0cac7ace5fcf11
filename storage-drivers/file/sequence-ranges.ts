/** Ranges of sequences, apart from each other and in order. */
import type { SequenceRange } from '../contract.ts';

export class SequenceRanges {
  private ranges: SequenceRange[] = [];

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  get list(): readonly SequenceRange[] {
    return this.ranges;
  }

  has(seq: number): boolean {
    return this.ranges.some(({ from, to }) => from <= seq && seq <= to);
  }

  add(from: number, to: number): void {
    if (from > to) return;
    const apart = this.ranges.filter((range) => range.to < from - 1 || range.from > to + 1);
    const touching = this.ranges.filter((range) => !apart.includes(range));
    const joined = {
      from: Math.min(from, ...touching.map((range) => range.from)),
      to: Math.max(to, ...touching.map((range) => range.to)),
    };
    this.ranges = [...apart, joined].sort((a, b) => a.from - b.from);
  }

  remove(from: number, to: number): void {
    if (this.ranges.length === 0 || from > to) return;
    this.ranges = this.ranges.flatMap((range) => {
      const before = { from: range.from, to: Math.min(range.to, from - 1) };
      const after = { from: Math.max(range.from, to + 1), to: range.to };
      return [before, after].filter((part) => part.from <= part.to);
    });
  }
}
