/**
 * What a consumer was not sent yet: where it goes on, what comes next there, and how much there is. Nothing is done for a message
 * that comes, or goes, before the consumer wants to know; and what it wants to know is found without looking at messages that
 * are not for it, or, where that can not be, in pieces.
 */
import type { CountingWalk } from '../../../storage-drivers/derived/count-walk.ts';
import type { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MatchMerge } from '../../../storage-drivers/derived/match-merge.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { Starters } from './starters.ts';

/** What `next` says where it has not looked far enough. */
export const LOOK_ON = -1;
/** Messages, or subjects, that are looked at in one go: a millisecond or two. */
const LOOKS_MAX = 2048;
/** As many where all that is done is to go from one to the next. */
const EASY_LOOKS_MAX = 16_384;
/** With less ahead it is not worth asking which subjects there are. */
const MERGE_FROM = 4096;

/** Who passes places and starters by: what that changes is a command of its own. */
export interface Passing {
  passStarter(): void;
  passTo(place: number): void;
}

export class Backlog {
  filters: FilterSet;
  /** The next sequence to look at. */
  sequence: number;
  private readonly log: MessageLog;
  private readonly passing: Passing;
  private starters: Starters | null = null;
  private starterAt = 0;
  /** Messages up to `countedTo` that were not sent; `countedFirst` was the first of the stream then. */
  private counted = 0;
  private countedTo = 0;
  private countedFirst = 0;
  private isStale = true;
  /** Of what lies ahead the last messages of each subject were counted, and no others: it is not to be counted again. */
  private isCountedByLast = false;
  /** They are being counted. */
  private countsLast = false;
  private walk: CountingWalk | null = null;
  private merge: MatchMerge | null = null;
  /** Up to here it is no use to ask for a merge. */
  private plainTo = 0;
  /** The first that came when there was nothing left. */
  private told = 0;

  constructor(log: MessageLog, filters: FilterSet, start: number, passing: Passing) {
    this.log = log;
    this.passing = passing;
    this.filters = filters;
    this.sequence = start;
  }

  /** The last message of each subject comes first. */
  startWithLast(): void {
    this.counted = 0;
    this.starters = new Starters(this.log, this.filters, EASY_LOOKS_MAX);
    if (this.starters.isComplete) this.started();
  }

  /** What went meanwhile was taken off before. */
  private started(): void {
    const { log } = this;
    const { length } = this.starters!;
    this.sequence = length === 0 ? Math.max(log.last, log.first, 1) : this.starters!.at(0);
    if (length > 0) this.setCount(length + this.counted);
    else this.starters = null;
  }

  /** Where it begins is known. */
  get hasBegun(): boolean {
    return this.starters?.isComplete !== false;
  }

  // --- How much there is ---

  /** Exact at any time. */
  get count(): number {
    const { log } = this;
    if (this.isOutdated) this.countNow();
    else if (this.countedTo < log.last) {
      this.counted += log.countSince(this.filters, Math.max(this.countedTo + 1, this.sequence));
      this.countedTo = log.last;
    }
    return Math.max(0, this.counted);
  }

  private countNow(): void {
    const { log, walk } = this;
    if (!this.countsLast || walk === null) {
      this.setCount(log.countFrom(this.filters, this.sequence));
      return;
    }
    while (!walk.step(Number.MAX_SAFE_INTEGER));
    this.setCountByLast(walk.count);
  }

  private setCountByLast(count: number): void {
    this.setCount(count);
    this.isCountedByLast = true;
  }

  private setCount(count: number): void {
    this.counted = count;
    this.countedTo = this.log.last;
    this.countedFirst = this.log.first;
    this.isStale = false;
    this.isCountedByLast = false;
    this.countsLast = false;
    this.walk = null;
  }

  /** What went from the front of the stream is not told of one by one. */
  private get isOutdated(): boolean {
    const { first } = this.log;
    if (this.isStale) return true;
    return first > this.countedFirst && first > this.sequence && this.starters === null && !this.isCountedByLast;
  }

  /** Whether what comes next, and how much there is, can be said in a moment. */
  get isReady(): boolean {
    if (this.walk !== null || !this.hasBegun) return false;
    const { log, filters } = this;
    if (this.sequence > log.last) return true;
    if (filters.isAll || filters.literal !== null) return true;
    if (!this.isOutdated) return log.last - this.countedTo <= MERGE_FROM;
    return log.last - this.sequence <= LOOKS_MAX;
  }

  /** Makes ready, a piece at a time: true when it is. Meanwhile it has to hear of every message. */
  prepare(): boolean {
    if (this.isReady) return true;
    const { starters } = this;
    if (starters?.isComplete === false) {
      if (starters.step(LOOKS_MAX)) this.started();
      return this.isReady;
    }
    if (this.walk === null && this.isCountedAtOnce()) return true;
    this.walk ??= this.log.countWalk(this.filters, this.sequence);
    if (this.walk.step(LOOKS_MAX)) {
      if (this.countsLast) this.setCountByLast(this.walk.count);
      else this.setCount(this.walk.count);
    }
    return this.isReady;
  }

  /** By the subjects, where all of their messages are wanted and they are not many. */
  private isCountedAtOnce(): boolean {
    const { log } = this;
    if (this.sequence > log.firstFrom(0)) return false;
    let count = 0;
    const isWhole = log.visitNodes(this.filters, { left: EASY_LOOKS_MAX }, (node) => {
      count += log.countOf(node);
    });
    if (isWhole) this.setCount(count);
    return isWhole;
  }

  /** Nothing that came since the last look is for this one. */
  hadAll(): void {
    if (this.starters === null && this.countedTo < this.log.last) this.setCount(0);
  }

  /** Of what lies ahead, only the last of each subject count from now on. */
  countLast(): void {
    if (!this.hasBegun) {
      this.startWithLast();
      return;
    }
    if (this.sequence > this.log.last) {
      this.setCountByLast(0);
      return;
    }
    this.isStale = true;
    this.countsLast = true;
    this.walk = this.log.lastCountWalk(this.filters, this.sequence);
  }

  /** What was counted stands no more. */
  recount(): void {
    if (this.starters !== null) return;
    if (this.sequence > this.log.last) this.setCount(0);
    else this.isStale = true;
    this.walk = null;
  }

  // --- What comes next ---

  /** 0 when nothing does. */
  next(): number {
    const { log, filters } = this;
    if (this.starters !== null) {
      const seq = this.nextStarter();
      if (seq !== 0) return seq;
    }
    if (this.told >= this.sequence && log.has(this.told)) return this.told;
    const { last } = log;
    if (this.sequence > last) return 0;
    const isPlain = filters.isAll || filters.literal !== null;
    const seq = isPlain ? log.next(filters, this.sequence) : this.nextOfMany(last);
    if (seq !== Number.POSITIVE_INFINITY) return seq;
    this.passing.passTo(last + 1);
    return 0;
  }

  private nextOfMany(last: number): number {
    const { log, filters } = this;
    if (this.merge === null && last - this.sequence > MERGE_FROM && this.sequence > this.plainTo) this.findMerge(last);
    if (this.merge !== null) {
      const seq = this.merge.isVoid ? 0 : this.merge.next(this.sequence);
      if (seq !== 0) return seq;
      if (!this.merge.isVoid) this.passing.passTo(this.merge.to + 1);
      this.merge = null;
      return LOOK_ON;
    }
    const to = Math.min(last, this.sequence + LOOKS_MAX - 1);
    const seq = log.nextWithin(filters, this.sequence, to);
    if (seq !== Number.POSITIVE_INFINITY || to === last) return seq;
    this.passing.passTo(to + 1);
    return LOOK_ON;
  }

  /** Which subjects match is found out at no greater cost than looking at what lies ahead. */
  private findMerge(last: number): void {
    this.merge = this.log.mergeOf(this.filters, this.sequence, Math.min(EASY_LOOKS_MAX, last - this.sequence));
    if (this.merge === null) this.plainTo = last;
  }

  /** What took the place of one is sent when its own turn comes. */
  private nextStarter(): number {
    const starters = this.starters!;
    if (!starters.isComplete) return LOOK_ON;
    for (let looks = 0; this.starterAt < starters.length; looks++) {
      if (looks === LOOKS_MAX) return LOOK_ON;
      const seq = starters.at(this.starterAt);
      if (this.log.has(seq)) return seq;
      this.passing.passStarter();
    }
    this.passing.passTo(starters.liveFrom);
    return 0;
  }

  // --- What happens ---

  /** The next was sent. */
  sent(seq: number): void {
    const left = this.count;
    if (this.starters !== null && this.starters.at(this.starterAt) === seq) {
      this.starterAt++;
      this.sequence = Math.max(this.sequence, seq + 1);
    } else this.sequence = seq + 1;
    this.counted = Math.max(0, left - 1);
  }

  /** The next starter is gone. */
  passStarter(): void {
    this.starterAt++;
  }

  /** Nothing up to a place is for this one: it is not looked at again. */
  passTo(place: number): void {
    this.goOnFrom(place);
    this.starters = null;
    if (this.sequence > this.log.last) {
      this.merge = null;
      this.setCount(0);
    }
  }

  /** With nothing left, a message came that is wanted. */
  arrived(seq: number): void {
    if (this.starters !== null || this.sequence > seq) return;
    this.told = seq;
    this.setCount(0);
    this.countedTo = seq - 1;
  }

  /** While it is made ready: a message came. */
  added(node: number): void {
    this.walk?.added(node);
  }

  /** A message that matches is about to go. False where it had been sent. */
  goes(seq: number, node: number): boolean {
    if (!this.isAhead(seq)) return false;
    this.walk?.removed(seq, node);
    const isCounted =
      this.starters?.isComplete === false ? this.isStarter(seq) : !this.isStale && seq <= this.countedTo;
    if (isCounted && (this.counted > 0 || !this.hasBegun)) this.counted--;
    return true;
  }

  private isAhead(seq: number): boolean {
    const { starters } = this;
    if (starters === null) return seq >= this.sequence;
    if (!starters.isComplete || seq >= starters.liveFrom) return true;
    return this.isStarter(seq);
  }

  private isStarter(seq: number): boolean {
    const starters = this.starters!;
    const index = starters.indexFrom(seq, this.starterAt);
    return index < starters.length && starters.at(index) === seq;
  }

  /** Messages are told of as they go from the front, too. */
  get isParticular(): boolean {
    return this.starters !== null || this.walk !== null || this.isCountedByLast;
  }

  /** The last message of each subject comes first, and not all of these were sent. */
  get hasStarters(): boolean {
    return this.starters !== null;
  }

  /** Goes on from where it is, with other filters. */
  choose(filters: FilterSet): void {
    const { starters } = this;
    if (starters === null) {
      this.moveTo(this.sequence, filters);
      return;
    }
    this.filters = filters;
    this.merge = null;
    if (!starters.isComplete) this.startWithLast();
  }

  /** Nothing is left below a sequence. What went from the front, and was counted, shows only as long as this lies before it. */
  goOnFrom(sequence: number): void {
    if (this.isOutdated) this.isStale = true;
    this.sequence = Math.max(this.sequence, sequence);
  }

  /** Goes on elsewhere, or with other filters. */
  moveTo(sequence: number, filters: FilterSet): void {
    this.sequence = sequence;
    this.filters = filters;
    this.starters = null;
    this.merge = null;
    this.plainTo = 0;
    this.told = 0;
    this.countsLast = false;
    this.recount();
    this.isStale = true;
  }
}
