/**
 * The last message of each subject, ascending, for those who want these before anything else. With few subjects they are found by
 * these, at once; otherwise message by message, as many at a time as whoever waits can spare.
 */
import type { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from '../stream/message-log.ts';

const FIRST_ROOM = 1024;

export class Starters {
  length = 0;
  isComplete = false;
  /** From here on everything counts, not only the last of each subject. */
  liveFrom = 0;
  private readonly log: MessageLog;
  private readonly filters: FilterSet;
  private sequences = new Float64Array(FIRST_ROOM);
  private next: number;

  constructor(log: MessageLog, filters: FilterSet, looksMax: number) {
    this.log = log;
    this.filters = filters;
    this.next = log.first;
    const isFound = log.visitNodes(filters, { left: looksMax }, (node) => this.add(log.lastOf(node)));
    if (!isFound) {
      this.length = 0;
      return;
    }
    this.sequences.subarray(0, this.length).sort();
    this.complete();
  }

  at(index: number): number {
    return this.sequences[index]!;
  }

  /** The first that is at or above, from an index on. */
  indexFrom(seq: number, from: number): number {
    let low = from;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sequences[middle]! < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Looks at so many messages; true when all were. */
  step(looksMax: number): boolean {
    const { log } = this;
    for (let looks = 0; looks < looksMax; looks++) {
      const seq = log.firstFrom(this.next);
      if (seq === Number.POSITIVE_INFINITY) {
        this.complete();
        return true;
      }
      const node = log.nodeAt(seq);
      if (log.lastOf(node) === seq && log.matches(this.filters, node)) this.add(seq);
      this.next = seq + 1;
    }
    return false;
  }

  private complete(): void {
    this.isComplete = true;
    this.liveFrom = this.log.last + 1;
  }

  private add(seq: number): void {
    if (this.length === this.sequences.length) {
      const roomier = new Float64Array(2 * this.length);
      roomier.set(this.sequences);
      this.sequences = roomier;
    }
    this.sequences[this.length++] = seq;
  }
}
