/** Many messages go, a step at a time, so that nobody has to wait for the last of them. */
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from './message-log.ts';

export interface PurgeCommand {
  /** Messages below only; 0 for all. */
  readonly before: number;
  /** Empty for all subjects; one character per byte. */
  readonly filter: string;
  /** How many of the newest stay. */
  readonly keep: number;
}

const EVERYTHING = new FilterSet([]);
/** So many sequences go at once where messages need not be told of one by one. */
const DROPPED_AT_ONCE = 4096;

export class Purge {
  /** How many messages went so far. */
  removed = 0;
  /** The store did not take all of it: what it did not take is there. */
  isCut = false;
  readonly filter: string;
  private readonly log: MessageLog;
  private readonly filters: FilterSet;
  /** What comes after that stays, whenever it comes. */
  private limit: number;
  /** With nothing left, the next message gets the sequence. */
  private readonly nextSequence: number;
  private left: number;
  private seq: number;

  constructor(log: MessageLog, { before, filter, keep }: PurgeCommand) {
    const isBeyond = filter === '' && before > log.last;
    this.log = log;
    this.filter = filter;
    this.filters = filter === '' ? EVERYTHING : new FilterSet([filter]);
    this.limit = before === 0 || isBeyond ? log.last + 1 : before;
    this.nextSequence = isBeyond ? before : 0;
    this.left = keep === 0 || isBeyond ? Number.POSITIVE_INFINITY : Math.max(0, log.countFrom(this.filters, 0) - keep);
    this.seq = log.next(this.filters, log.first);
  }

  /** What comes before this goes as well. */
  reach(before: number): void {
    this.limit = Math.max(this.limit, before);
  }

  /** Removes up to so many messages; true when none is left to go. */
  step(most: number): boolean {
    if (this.isWhole && this.log.mayDrop) this.drop();
    else this.removeSome(most);
    if (!this.isOver) return false;
    if (this.isWhole) this.log.forgetLost(0, this.limit - 1);
    // What was stored meanwhile stays, and is followed by what comes next.
    if (this.nextSequence > 0 && this.log.last < this.limit) this.log.moveTo(this.nextSequence);
    return true;
  }

  private get isWhole(): boolean {
    return this.filters === EVERYTHING && this.left === Number.POSITIVE_INFINITY;
  }

  private get isOver(): boolean {
    return this.seq >= this.limit || this.left <= 0;
  }

  /** With nothing left it costs nothing; otherwise the subjects of what goes have to be found. */
  private drop(): void {
    const { log, limit } = this;
    const isAll = limit > log.last;
    const to = isAll ? limit : Math.min(limit, this.seq + DROPPED_AT_ONCE);
    this.removed += log.removeBefore(to);
    this.isCut = log.firstFrom(0) < to;
    this.seq = to === limit || this.isCut ? limit : log.firstFrom(to);
    // What is gone already has its sequence all the same.
    if (this.seq > limit) this.drop();
  }

  /** Neighbours go together. */
  private removeSome(most: number): void {
    const { log, filters } = this;
    for (let count = 0; count < most && !this.isOver; ) {
      const from = this.seq;
      const before = this.removed;
      let to = from;
      do {
        log.tellRemoved(this.seq);
        to = this.seq;
        count++;
        this.left--;
        this.removed++;
        this.seq = log.next(filters, to + 1);
      } while (count < most && !this.isOver && this.seq === log.firstFrom(to + 1));
      if (log.removeTold(from, to)) continue;
      this.removed = before;
      this.isCut = true;
      this.seq = this.limit;
    }
  }
}

/** What came before a message of the same subject goes, up to so many. Answers how many. */
export function removeOlder(log: MessageLog, node: number, sequence: number, most: number): number {
  let removed = 0;
  for (let first = log.firstOf(node); first !== 0 && first < sequence && removed < most; first = log.firstOf(node)) {
    if (!log.remove(first)) break;
    removed++;
  }
  return removed;
}
