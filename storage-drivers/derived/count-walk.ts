/**
 * Counts records that match in as many steps as whoever counts can spare, while records come and go. It is told of those, and is
 * exact at its end.
 */
import type { FilterSet } from './filter-set.ts';
import type { RecordIndex } from './record-index.ts';

export interface CountingWalk {
  readonly count: number;
  /** True when all are counted. */
  step(looksMax: number): boolean;
  /** A record was added. */
  added(node: number): void;
  /** A record is about to go. */
  removed(seq: number, node: number): void;
}

export class CountWalk implements CountingWalk {
  count = 0;
  /** Records or subjects that were looked at. */
  looks = 0;
  private readonly index: RecordIndex;
  private readonly filters: FilterSet;
  private readonly from: number;
  /** Subjects are fewer than records: with all records wanted, they are counted by these. */
  private readonly goesBySubject: boolean;
  /** The next subject, or sequence, to look at. */
  private next: number;

  constructor(index: RecordIndex, filters: FilterSet, from: number) {
    this.index = index;
    this.filters = filters;
    this.from = from;
    this.goesBySubject = from <= index.firstFrom(0);
    this.next = this.goesBySubject ? 0 : from;
  }

  step(looksMax: number): boolean {
    return this.goesBySubject ? this.stepBySubject(looksMax) : this.stepByRecord(looksMax);
  }

  added(node: number): void {
    if (this.goesBySubject && node < this.next && this.matches(node)) this.count++;
  }

  removed(seq: number, node: number): void {
    const isCounted = this.goesBySubject ? node < this.next : seq >= this.from && seq < this.next;
    if (isCounted && this.matches(node)) this.count--;
  }

  private matches(node: number): boolean {
    return this.filters.matches(this.index.subjects, node);
  }

  private stepBySubject(looksMax: number): boolean {
    const { subjects } = this.index;
    const end = Math.min(this.next + looksMax, subjects.nodes.length);
    for (let node = this.next; node < end; node++) {
      const many = subjects.count(node);
      if (many > 0 && this.matches(node)) this.count += many;
    }
    this.looks += end - this.next;
    this.next = end;
    return end === subjects.nodes.length;
  }

  private stepByRecord(looksMax: number): boolean {
    const { segments } = this.index;
    let left = looksMax;
    for (let at = segments.indexFrom(this.next); at < segments.length; at++) {
      const segment = segments.at(at);
      for (let place = segment.placeFrom(this.next); place < segment.places; place++) {
        const node = segment.nodeAt(place);
        if (node !== 0 && this.matches(node)) this.count++;
        this.next = segment.seqAt(place) + 1;
        this.looks++;
        if (--left === 0) return this.next > this.index.lastUpTo(Number.MAX_SAFE_INTEGER);
      }
    }
    this.next = Math.max(this.next, this.index.lastUpTo(Number.MAX_SAFE_INTEGER) + 1);
    return true;
  }
}
