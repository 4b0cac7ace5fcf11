/** The messages of a stream: what they are, and who hears that one goes. */
import { Buffer } from 'node:buffer';
import { type Holes, type MessageBytes, Read, type StoredRecord } from '../../../storage-drivers/contract.ts';
import { fileSize, memorySize, type SizeFormula } from '../../../storage-drivers/derived/accounting.ts';
import { CountWalk } from '../../../storage-drivers/derived/count-walk.ts';
import type { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { LastCountWalk } from '../../../storage-drivers/derived/last-count-walk.ts';
import { MatchMerge } from '../../../storage-drivers/derived/match-merge.ts';
import type { WalkBudget } from '../../../storage-drivers/derived/subject-walk.ts';
import type { Usage } from '../account/usage.ts';
import { DurableEnd } from './durable-end.ts';
import type { Moment } from './moment.ts';
import { SEQUENCE_MAX } from './sequence-limit.ts';
import { SPENT } from './store-refusal.ts';

/** Hears of every message that goes, before it is gone. */
export interface RemovalListener {
  removed(seq: number, node: number): void;
  /** Whether it is enough to hear that all below a sequence goes. */
  readonly mayDrop: boolean;
  removedBefore(seq: number): void;
}

export function sizeFormulaOf(storage: 'file' | 'memory'): SizeFormula {
  return storage === 'memory' ? memorySize : fileSize;
}

const NOTHING_LOST: Holes = { ranges: [], records: 0, bytes: 0 };

export class MessageLog {
  readonly records: IndexedStore;
  /** When the newest message came, whether or not it is still there. */
  lastSeconds: number;
  lastNanos: number;
  /** Of the newest write. */
  ticket = 0;
  listener: RemovalListener | null = null;
  /** What was read last. */
  asked = 0;
  onFault: ((error: Error) => void) | null = null;
  /** Some messages were lost: they are neither there nor removed. */
  hasLost = false;
  /** Nothing ever has to be fetched. */
  readonly isAlwaysWarm: boolean;
  private readonly sizeOf: SizeFormula;
  private readonly usage: Usage;
  private readonly storage: 'file' | 'memory';
  /** The first message, and when it came. */
  private readonly known = { seq: 0, seconds: 0, nanos: 0 };
  private readonly durableEnd: DurableEnd;
  private beforeUnit: Moment = { seconds: 0, nanos: 0 };
  /** What of it the usage knows. */
  private counted = 0;

  constructor(records: IndexedStore, storage: 'file' | 'memory', usage: Usage) {
    this.usage = usage;
    this.storage = storage;
    this.records = records;
    this.lastSeconds = records.store.lastSeconds;
    this.lastNanos = records.store.lastNanos;
    this.durableEnd = new DurableEnd(records.store.last);
    this.isAlwaysWarm = storage === 'memory';
    this.sizeOf = sizeFormulaOf(storage);
    this.checkLost();
  }

  get count(): number {
    return this.records.count;
  }

  get bytes(): number {
    return this.records.bytes;
  }

  get first(): number {
    return this.records.first;
  }

  /** The highest sequence that was given out, be there a message or not. */
  get last(): number {
    return this.records.store.last;
  }

  get subjectCount(): number {
    return this.records.subjectCount;
  }

  /** What a message would count for. */
  accounted(message: MessageBytes): number {
    return this.sizeOf(
      message.subjectEnd - message.subjectStart,
      message.bodyStart - message.headerStart,
      message.bodyEnd - message.bodyStart,
    );
  }

  /** Under the next sequence. A negative answer is a `Refused`. */
  append(seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    return this.appendAt(this.last + 1, seconds, nanos, flags, message);
  }

  /** Under a sequence that is given: what lies between is left out. `SPENT` where there are none left. */
  appendAt(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    if (seq > SEQUENCE_MAX) return SPENT;
    const ticket = this.records.append(seq, seconds, nanos, flags, message);
    if (ticket < 0) return ticket;
    this.ticket = ticket;
    // Within a unit there is none yet.
    if (ticket > 0) this.durableEnd.note(ticket, seq);
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.settleUsage();
    return ticket;
  }

  /** Gives a sequence out to a message that is not kept. */
  skip(seconds: number, nanos: number): void {
    this.spend(this.last + 1, seconds, nanos);
  }

  /** Gives out all sequences up to one, whether or not there are messages. */
  spend(last: number, seconds: number, nanos: number): void {
    const ticket = last > this.last ? this.records.advance(last) : 0;
    if (ticket > 0) this.ticket = ticket;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
  }

  /** What is appended from here on becomes durable together, or is taken back. */
  begin(): void {
    this.beforeUnit = { seconds: this.lastSeconds, nanos: this.lastNanos };
    this.records.begin();
  }

  /** A negative answer is a `Refused`: nothing of it is kept. */
  commit(): number {
    const ticket = this.records.commit();
    if (ticket < 0) this.takeBack();
    else {
      this.ticket = ticket;
      this.durableEnd.note(ticket, this.last);
    }
    return ticket;
  }

  abort(): void {
    this.records.abort();
    this.takeBack();
  }

  private takeBack(): void {
    this.lastSeconds = this.beforeUnit.seconds;
    this.lastNanos = this.beforeUnit.nanos;
    this.settleUsage();
  }

  /** A crash can not take it any more. */
  isDurable(seq: number): boolean {
    const { durableEnd } = this;
    return seq <= durableEnd.reached || durableEnd.covers(seq, this.records.store.durableTicket);
  }

  has(seq: number): boolean {
    return this.records.index.has(seq);
  }

  sizeAt(seq: number): number {
    return this.records.index.sizeOf(seq);
  }

  /** The first sequence with a message, at or above; Infinity when there is none. */
  firstFrom(seq: number): number {
    return this.records.index.firstFrom(seq);
  }

  /** Borrowed until the next call; null when it is not there, or has to be fetched. */
  read(seq: number): StoredRecord | null {
    this.asked = seq;
    return this.records.read(seq) === Read.found ? this.records.record : null;
  }

  /** It is there, but has to be fetched first. */
  isCold(seq: number): boolean {
    return this.records.read(seq) === Read.cold;
  }

  /** Fetches messages from a sequence on, as many as the store likes to hold. */
  whenLoaded(seq: number, run: () => void): void {
    this.records.store.load(seq, this.last, (error) => {
      if (error === null) run();
      else this.onFault?.(error);
    });
  }

  bringIn(seq: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.records.store.load(seq, this.last, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** False when it is not there, or can not be removed now. One that was lost is not missed any more. */
  remove(seq: number, isErased = false): boolean {
    const node = this.records.index.subjectAt(seq);
    if (node === 0) return this.hasLost && this.records.read(seq) === Read.hole && this.forgetLost(seq, seq);
    this.listener?.removed(seq, node);
    const ticket = isErased ? this.records.erase(seq, seq) : this.records.remove(seq, seq);
    if (ticket < 0) return false;
    this.ticket = ticket;
    this.settleUsage();
    return true;
  }

  /** The limits take the first message, and with it what was lost before it. */
  removeOldest(): boolean {
    const { first } = this;
    if (!this.remove(first)) return false;
    if (this.hasLost) this.forgetLost(0, first);
    return true;
  }

  /** What is lost, not removed. */
  get lost(): Holes {
    return this.hasLost ? this.records.store.holes() : NOTHING_LOST;
  }

  /** Lost messages would be gone by now, or are to be: they are not told of any more. */
  forgetLost(from: number, to: number): boolean {
    if (!this.hasLost) return false;
    for (const range of this.records.store.holes().ranges) {
      const [low, high] = [Math.max(range.from, from), Math.min(range.to, to)];
      const ticket = low > high ? 0 : this.records.remove(low, high);
      if (ticket < 0) return false;
      if (ticket > 0) this.ticket = ticket;
    }
    this.checkLost();
    return true;
  }

  /** Messages were lost, or found again. */
  checkLost(): void {
    this.hasLost = this.records.store.holes().records > 0;
    this.settleUsage();
  }

  /** Somebody is going to remove the message with others. */
  tellRemoved(seq: number): void {
    const node = this.records.index.subjectAt(seq);
    if (node !== 0) this.listener?.removed(seq, node);
  }

  /** All that is there between the two, of which everybody has heard. False where nothing can be removed now. */
  removeTold(from: number, to: number): boolean {
    const ticket = this.records.remove(from, to);
    if (ticket > 0) this.ticket = ticket;
    this.settleUsage();
    return ticket >= 0;
  }

  /** Nobody has to hear of each message. */
  get mayDrop(): boolean {
    return this.listener?.mayDrop ?? true;
  }

  /** All below goes, in the time of blocks and not of messages. Answers how many there were. */
  removeBefore(seq: number): number {
    const { count } = this;
    this.listener?.removedBefore(seq);
    this.moveTo(seq);
    return count - this.count;
  }

  /** With no message below it left, the first sequence becomes this one. */
  moveTo(seq: number): void {
    const ticket = this.records.dropBefore(seq);
    if (ticket > 0) this.ticket = ticket;
    if (this.hasLost) this.checkLost();
    this.settleUsage();
  }

  /** It counts for its account no more. */
  release(): void {
    this.usage.add(this.storage, -this.counted);
    this.counted = 0;
  }

  private settleUsage(): void {
    const { bytes } = this.records;
    this.usage.add(this.storage, bytes - this.counted);
    this.counted = bytes;
  }

  /** What the table of subjects knows a message's subject by; 0 when there is no message of it. */
  nodeOf(message: MessageBytes): number {
    return this.records.find(message.subjectBytes, message.subjectStart, message.subjectEnd);
  }

  nodeAt(seq: number): number {
    return this.records.index.subjectAt(seq);
  }

  /** A subject, one byte per character of it. */
  bytesOf(node: number): Buffer {
    return Buffer.from(this.records.subjectOf(node), 'latin1');
  }

  countOf(node: number): number {
    return node === 0 ? 0 : this.records.countOf(node);
  }

  firstOf(node: number): number {
    return node === 0 ? 0 : this.records.firstOf(node);
  }

  lastOf(node: number): number {
    return node === 0 ? 0 : this.records.lastOf(node);
  }

  matches(filters: FilterSet, node: number): boolean {
    return filters.matches(this.records.index.subjects, node);
  }

  /** The first matching sequence at or above; Infinity when there is none. */
  next(filters: FilterSet, from: number): number {
    return this.records.next(filters, from);
  }

  /** The same, no further than `to`. */
  nextWithin(filters: FilterSet, from: number, to: number): number {
    return this.records.nextWithin(filters, from, to);
  }

  /** What matches from a sequence on, in order; null where it lies in more subjects than are worth looking for. */
  mergeOf(filters: FilterSet, from: number, looksMax: number): MatchMerge | null {
    return MatchMerge.of(this.records.index, filters, from, looksMax);
  }

  /** The last matching sequence at or below; 0 when there is none. */
  previous(filters: FilterSet, from: number): number {
    return this.records.previous(filters, from);
  }

  /** The same, no further down than `to`. */
  previousWithin(filters: FilterSet, from: number, to: number): number {
    return this.records.previousWithin(filters, from, to);
  }

  /** The last sequence with a message, at or below; 0 when there is none. */
  lastUpTo(seq: number): number {
    return this.records.index.lastUpTo(seq);
  }

  countFrom(filters: FilterSet, from: number): number {
    return this.records.countMatches(filters, from);
  }

  /** The same, by looking at no message below. */
  countSince(filters: FilterSet, from: number): number {
    return this.records.countSince(filters, from);
  }

  /** The same, a piece at a time. */
  countWalk(filters: FilterSet, from: number): CountWalk {
    return new CountWalk(this.records.index, filters, from);
  }

  /** The subjects that match and have a message from a sequence on, a piece at a time. */
  lastCountWalk(filters: FilterSet, from: number): LastCountWalk {
    return new LastCountWalk(this.records.index, filters, from);
  }

  countLastFrom(filters: FilterSet, from: number): number {
    return this.records.countLastMatches(filters, from);
  }

  /** The subjects that match, and how many messages each has. */
  visitSubjects(filters: FilterSet, visit: (subject: string, count: number, node: number) => void): void {
    this.records.visitSubjects(filters, (node) => {
      visit(this.records.subjectOf(node), this.records.countOf(node), node);
      return true;
    });
  }

  /** The same by what the table knows them by; false where the budget did not do for all. */
  visitNodes(filters: FilterSet, budget: WalkBudget, visit: (node: number) => void): boolean {
    const each = (node: number): boolean => {
      visit(node);
      return true;
    };
    return this.records.visitSubjects(filters, each, budget);
  }

  /** The first message at or after a time; Infinity when all are older; -1 when one has to be fetched to know. */
  at({ seconds, nanos }: Moment): number {
    return this.records.findTime(seconds, nanos);
  }

  /** The same, with whatever has to be fetched. */
  async find(moment: Moment): Promise<number> {
    for (let found = this.at(moment); ; found = this.at(moment)) {
      if (found >= 0) return found;
      await this.bringIn(this.records.store.coldSequence);
    }
  }

  /** When the first message came; null where there is none, or where it has to be fetched to know. */
  get firstTime(): Moment | null {
    const { first, known } = this;
    if (this.count === 0) return null;
    if (known.seq === first) return known;
    const record = this.read(first);
    if (record === null) return null;
    known.seq = first;
    known.seconds = record.seconds;
    known.nanos = record.nanos;
    return known;
  }

  /** From then on the time of the first message is known. */
  async learnFirstTime(): Promise<void> {
    while (this.count > 0 && this.firstTime === null && this.isCold(this.first)) await this.bringIn(this.first);
  }

  /** The sequences from the first to the last that have no message, ascending. */
  deleted(): number[] {
    const found: number[] = [];
    if (this.count === 0) return found;
    this.records.store.gaps(this.first, this.last, (from, to) => {
      for (let seq = from; seq <= to; seq++) found.push(seq);
    });
    return found;
  }

  get deletedCount(): number {
    return this.count === 0 ? 0 : this.last - this.first + 1 - this.count - this.lostSinceFirst();
  }

  private lostSinceFirst(): number {
    let count = 0;
    for (const { from, to } of this.lost.ranges) count += Math.max(0, to - Math.max(from, this.first) + 1);
    return count;
  }
}
