/**
 * Counts, in as many steps as whoever counts can spare, as somebody would who counted the subjects with a record from a sequence on when this
 * was made, each once, and after that all records that came and went. It is told of those that go, and while it is under way of
 * those that come.
 */
import { type CountingWalk, CountWalk } from './count-walk.ts';
import type { FilterSet } from './filter-set.ts';
import type { RecordIndex } from './record-index.ts';

export class LastCountWalk implements CountingWalk {
  private readonly index: RecordIndex;
  private readonly filters: FilterSet;
  private readonly from: number;
  /** The last record there was. */
  private readonly to: number;
  private subjects = 0;
  /** The next subject to look at; of some behind it is known already. */
  private next = 0;
  private readonly end: number;
  private isKnown: Uint8Array | null = null;
  /** What came since. */
  private later: CountWalk | null = null;

  constructor(index: RecordIndex, filters: FilterSet, from: number) {
    this.index = index;
    this.filters = filters;
    this.from = from;
    this.to = index.lastUpTo(Number.MAX_SAFE_INTEGER);
    this.end = index.subjects.nodes.length;
  }

  get count(): number {
    return Math.max(0, this.subjects) + (this.later?.count ?? 0);
  }

  step(looksMax: number): boolean {
    const end = Math.min(this.next + looksMax, this.end);
    for (let node = this.next; node < end; node++) this.lookAt(node);
    this.next = end;
    if (end < this.end) return false;
    this.later ??= new CountWalk(this.index, this.filters, this.to + 1);
    return this.later.step(looksMax);
  }

  added(node: number): void {
    this.later?.added(node);
  }

  removed(seq: number, node: number): void {
    if (seq > this.to) {
      this.later?.removed(seq, node);
      return;
    }
    this.lookAt(node);
    if (seq >= this.from && this.filters.matches(this.index.subjects, node)) this.subjects--;
  }

  private lookAt(node: number): void {
    const { index, filters, from, to } = this;
    this.isKnown ??= new Uint8Array(this.end);
    if (this.isKnown[node] !== 0) return;
    this.isKnown[node] = 1;
    if (index.subjects.count(node) === 0 || !filters.matches(index.subjects, node)) return;
    const newest = index.lastOf(node);
    const last = newest <= to ? newest : index.previousOf(node, to + 1);
    if (last >= from) this.subjects++;
  }
}
