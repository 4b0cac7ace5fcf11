/**
 * What of a store was erased and may still stand in files. It is removed at once, like anything else; its ticket, and those after it,
 * are durable when it is nowhere any more.
 */
import type { SequenceRange } from '../contract.ts';
import { SequenceRanges } from './sequence-ranges.ts';

interface Erasing {
  readonly ticket: number;
  readonly from: number;
  readonly to: number;
}

export class StoreErasures {
  private waiting: Erasing[] = [];
  /** What snapshots hold: it goes when they are released. */
  private readonly held = new SequenceRanges();

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.held.isEmpty;
  }

  get isUrgent(): boolean {
    return this.waiting.length > 0;
  }

  /** No ticket from here on is durable yet; Infinity when nothing waits. */
  get barrier(): number {
    return this.waiting[0]?.ticket ?? Number.POSITIVE_INFINITY;
  }

  add(ticket: number, from: number, to: number): void {
    this.waiting.push({ ticket, from, to });
  }

  /** What is left of an earlier life. */
  restore(ranges: readonly SequenceRange[]): void {
    for (const { from, to } of ranges) this.add(0, from, to);
  }

  /** What has to be destroyed now, and how much of what waits that is. */
  get batch(): { ranges: SequenceRanges; count: number } {
    const ranges = new SequenceRanges();
    for (const { from, to } of [...this.held.list, ...this.waiting]) ranges.add(from, to);
    return { ranges, count: this.waiting.length };
  }

  /** The batch is done, but for what snapshots hold. */
  done(count: number, held: SequenceRanges): void {
    this.waiting.splice(0, count);
    for (const { from, to } of [...this.held.list]) this.held.remove(from, to);
    for (const { from, to } of held.list) this.held.add(from, to);
  }

  /** The store begins anew. */
  clear(): void {
    this.waiting = [];
  }

  capture(): SequenceRange[] {
    return [...this.batch.ranges.list];
  }
}
