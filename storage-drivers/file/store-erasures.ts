/**
 * What of a store was erased and may still stand in files. It is removed at once, like anything else; its ticket, and those after it,
 * are durable when it is nowhere any more.
 */
import type { SequenceRange } from '../contract.ts';
import { serialDistance } from './op-format.ts';
import { SequenceRanges } from './sequence-ranges.ts';

/** Records between two sequences that were written before an operation. */
export interface ErasedRange extends SequenceRange {
  readonly serial: number;
}

interface Erasing extends ErasedRange {
  readonly ticket: number;
}

export class StoreErasures {
  private waiting: Erasing[] = [];
  /** What snapshots hold: it goes when they are released. */
  private held: ErasedRange[] = [];

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.held.length === 0;
  }

  get isUrgent(): boolean {
    return this.waiting.length > 0;
  }

  /** No ticket from here on is durable yet; Infinity when nothing waits. */
  get barrier(): number {
    return this.waiting.find(({ ticket }) => ticket > 0)?.ticket ?? Number.POSITIVE_INFINITY;
  }

  add(ticket: number, from: number, to: number, serial: number): void {
    this.waiting.push({ ticket, from, to, serial });
  }

  /** What is left of an earlier life. */
  restore(ranges: readonly ErasedRange[]): void {
    for (const { from, to, serial } of ranges) this.add(0, from, to, serial);
  }

  /** What has to be destroyed now. */
  get batch(): ErasureBatch {
    return new ErasureBatch([...this.held, ...this.waiting], this.waiting.length);
  }

  /** The batch is done, but for what snapshots hold. */
  done({ ranges, count }: ErasureBatch, held: SequenceRanges): void {
    this.waiting.splice(0, count);
    this.held = ranges.filter(({ from, to }) => held.meets(from, to));
  }

  /** The store begins anew. */
  clear(): void {
    this.waiting = [];
  }

  capture(): readonly ErasedRange[] {
    return this.batch.ranges;
  }
}

/** What is destroyed in one round. */
export class ErasureBatch {
  readonly ranges: readonly ErasedRange[];
  /** How much of what waited it is. */
  readonly count: number;

  constructor(ranges: readonly ErasedRange[], count: number) {
    this.ranges = ranges;
    this.count = count;
  }

  get sequences(): SequenceRanges {
    const sequences = new SequenceRanges();
    for (const { from, to } of this.ranges) sequences.add(from, to);
    return sequences;
  }

  /** A sequence may have been given out again after a cut: only what is older than the erasure is meant. */
  isMeant(seq: number, serial: number): boolean {
    return this.ranges.some((range) => {
      return range.from <= seq && seq <= range.to && serialDistance(range.serial, serial) < 0;
    });
  }
}
