/** The messages of a stream: records in a store, and what is known of them without reading. Both always agree. */
import { type MessageBytes, Read, type RecordStore, type StoredRecord } from '../../../storage-drivers/contract.ts';
import { fileSize, memorySize, type SizeFormula } from '../../../storage-drivers/derived/accounting.ts';
import { countLastMatches, countMatches } from '../../../storage-drivers/derived/count-matches.ts';
import type { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { nextMatch, previousMatch } from '../../../storage-drivers/derived/next-match.ts';
import { RecordIndex } from '../../../storage-drivers/derived/record-index.ts';
import { visitSubjects } from '../../../storage-drivers/derived/subject-walk.ts';
import { findTime } from '../../../storage-drivers/derived/time-search.ts';
import type { Moment } from './moment.ts';

/** Hears of every message that goes, before it is gone. */
export interface RemovalListener {
  removed(seq: number, node: number): void;
}

export class MessageLog {
  readonly store: RecordStore;
  readonly index = new RecordIndex();
  /** The highest sequence that was given out, be there a message or not. */
  last: number;
  lastSeconds = 0;
  lastNanos = 0;
  listener: RemovalListener | null = null;
  private readonly sizeOf: SizeFormula;
  /** Where the next message will be the first, while there is none. */
  private floor: number;

  constructor(store: RecordStore, storage: 'file' | 'memory') {
    this.store = store;
    this.sizeOf = storage === 'memory' ? memorySize : fileSize;
    this.last = store.last;
    this.floor = store.last + 1;
  }

  get count(): number {
    return this.index.count;
  }

  get bytes(): number {
    return this.index.bytes;
  }

  get first(): number {
    return this.index.count === 0 ? this.floor : this.store.first;
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
  append(seconds: number, nanos: number, flags: number, message: MessageBytes, size: number): number {
    const seq = this.last + 1;
    const ticket = this.store.append(seq, seconds, nanos, flags, message);
    if (ticket < 0) return ticket;
    const { subjectBytes, subjectStart, subjectEnd } = message;
    this.index.add(seq, seconds, nanos, size, subjectBytes, subjectStart, subjectEnd);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    return ticket;
  }

  /** Gives a sequence out to a message that is not kept. */
  skip(seconds: number, nanos: number): void {
    this.last++;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    if (this.index.count === 0) this.floor = this.last + 1;
  }

  has(seq: number): boolean {
    return this.index.has(seq);
  }

  /** Borrowed until the next call; null when it is not there. */
  read(seq: number): StoredRecord | null {
    return this.store.read(seq) === Read.found ? this.store.record : null;
  }

  /** False when it is not there. */
  remove(seq: number, isErased = false): boolean {
    const node = this.index.subjectAt(seq);
    if (node === 0) return false;
    this.listener?.removed(seq, node);
    this.index.remove(seq, seq);
    if (isErased) this.store.erase(seq, seq);
    else this.store.remove(seq, seq);
    this.settle();
    return true;
  }

  /** All below a sequence, which may lie beyond the last. Nobody is told: whoever does this tells. */
  dropBefore(seq: number): number {
    const dropped = this.index.dropBefore(seq);
    this.store.dropBefore(seq);
    if (seq - 1 > this.last) this.last = seq - 1;
    if (this.index.count === 0) this.floor = this.last + 1;
    return dropped;
  }

  nodeOf(message: MessageBytes): number {
    return this.index.subjects.find(message.subjectBytes, message.subjectStart, message.subjectEnd);
  }

  countOf(node: number): number {
    return node === 0 ? 0 : this.index.subjects.count(node);
  }

  firstOf(node: number): number {
    return this.index.firstOf(node);
  }

  lastOf(node: number): number {
    return node === 0 ? 0 : this.index.lastOf(node);
  }

  /** The first matching sequence at or above; Infinity when there is none. */
  next(filters: FilterSet, from: number): number {
    return nextMatch(this.index, filters, from);
  }

  /** The last matching sequence at or below; 0 when there is none. */
  previous(filters: FilterSet, from: number): number {
    return previousMatch(this.index, filters, from);
  }

  countFrom(filters: FilterSet, from: number): number {
    return countMatches(this.index, filters, from);
  }

  countLastFrom(filters: FilterSet, from: number): number {
    return countLastMatches(this.index, filters, from);
  }

  /** The subjects that match, and how many messages each has. */
  visitSubjects(filters: FilterSet, visit: (subject: string, count: number, node: number) => void): void {
    const { subjects } = this.index;
    visitSubjects(subjects, filters, (node) => {
      visit(subjects.subjectOf(node), subjects.count(node), node);
      return true;
    });
  }

  get subjectCount(): number {
    return this.index.subjects.size;
  }

  /** The first message at or after a time; Infinity when all are older. */
  at({ seconds, nanos }: Moment): number {
    return findTime(this.index, this.store, seconds, nanos);
  }

  /** The sequences without a message between the first and the last, ascending. */
  deleted(): number[] {
    const found: number[] = [];
    if (this.count === 0) return found;
    this.store.gaps(this.first, this.last, (from, to) => {
      for (let seq = from; seq <= to; seq++) found.push(seq);
    });
    for (let seq = this.store.last + 1; seq < this.last; seq++) found.push(seq);
    return found;
  }

  get deletedCount(): number {
    return this.count === 0 ? 0 : this.last - this.first + 1 - this.count;
  }

  private settle(): void {
    if (this.index.count === 0) this.floor = this.last + 1;
  }
}
