/**
 * A store and what is known about its records, which always agree: all writes go through here. What a stream engine
 * uses.
 */
import type { Clock } from '../../kernel/plugin-api.ts';
import type {
  Cells,
  DurabilityListener,
  MessageBytes,
  OpenOptions,
  OpenReport,
  Read,
  RecordStore,
  StorageDriver,
  StoredRecord,
} from '../contract.ts';
import type { SizeFormula } from './accounting.ts';
import { forgetSaved, restoreIndex, saveIndex } from './checkpoint.ts';
import { countLastMatches, countMatches, countSince } from './count-matches.ts';
import type { FilterSet } from './filter-set.ts';
import { nextMatch, nextMatchWithin, previousMatch, previousMatchWithin } from './next-match.ts';
import { rebuildIndex } from './rebuild.ts';
import { RecordIndex } from './record-index.ts';
import { visitSubjects, type WalkBudget } from './subject-walk.ts';
import { findTime } from './time-search.ts';

export interface IndexedOptions extends OpenOptions {
  /** What each record counts for in `bytes`. */
  readonly sizeOf: SizeFormula;
  /** Long work is done a turn at a time. */
  readonly clock: Clock;
}

/** What a subject has. */
export interface SubjectState {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** Waits for the end of a unit. */
interface Removal {
  readonly isDrop: boolean;
  readonly from: number;
  readonly to: number;
}

export class IndexedStore {
  readonly store: RecordStore;
  readonly index: RecordIndex;
  private readonly sizeOf: SizeFormula;
  private readonly clock: Clock;
  private listener: DurabilityListener | null = null;
  /** It may have come before anybody listened. */
  private failure: Error | null = null;
  private unitLast = 0;
  private readonly staged: Removal[] = [];

  private constructor(store: RecordStore, index: RecordIndex, options: IndexedOptions) {
    this.store = store;
    this.index = index;
    this.sizeOf = options.sizeOf;
    this.clock = options.clock;
    store.onDurable({
      durable: (ticket) => this.listener?.durable(ticket),
      failed: (error) => {
        this.failure = error;
        this.listener?.failed(error);
      },
      // What cannot be read any more is not there, for whoever counts or looks for subjects.
      damaged: (from, to) => {
        this.index.remove(from, to);
        this.listener?.damaged?.(from, to);
      },
    });
  }

  /** The index comes from a checkpoint if there is a good one, and from the records otherwise. */
  static async open(
    driver: StorageDriver,
    id: string,
    options: IndexedOptions,
  ): Promise<{ records: IndexedStore; report: OpenReport }> {
    const { store, report } = await driver.open(id, options);
    let index = report.existed ? await restoreIndex(store, options.clock) : new RecordIndex();
    await rebuildIndex(store, index, options);
    if (index.count !== store.count) {
      index = new RecordIndex();
      await rebuildIndex(store, index, { ...options, isRead: true });
    }
    if (store.survey !== undefined) await forgetSaved(store);
    return { records: new IndexedStore(store, index, options), report };
  }

  // --- How things stand ---

  get first(): number {
    return this.store.first;
  }

  get last(): number {
    return this.store.last;
  }

  get count(): number {
    return this.index.count;
  }

  /** By the formula. */
  get bytes(): number {
    return this.index.bytes;
  }

  /** Subjects with records. */
  get subjectCount(): number {
    return this.index.subjects.size;
  }

  /** Sequences between the first and the last record without one of their own. */
  get deletedCount(): number {
    const newest = this.index.lastUpTo(this.last);
    return this.count === 0 ? 0 : newest - this.first + 1 - this.count;
  }

  get cells(): Cells {
    return this.store.cells;
  }

  /** What `read` found. */
  get record(): StoredRecord {
    return this.store.record;
  }

  // --- Writing: tickets and refusals are those of the store ---

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    const ticket = this.store.append(seq, seconds, nanos, flags, message);
    if (ticket < 0) return ticket;
    const { subjectStart, subjectEnd } = message;
    const headerLength = message.bodyStart - message.headerStart;
    const size = this.sizeOf(subjectEnd - subjectStart, headerLength, message.bodyEnd - message.bodyStart);
    this.index.add(seq, seconds, nanos, size, message.subjectBytes, subjectStart, subjectEnd);
    return ticket;
  }

  advance(last: number): number {
    return this.store.advance(last);
  }

  remove(from: number, to: number): number {
    const ticket = this.store.remove(from, to);
    if (ticket > 0) this.index.remove(from, to);
    else if (ticket === 0) this.staged.push({ isDrop: false, from, to });
    return ticket;
  }

  erase(from: number, to: number): number {
    const ticket = this.store.erase(from, to);
    if (ticket > 0) this.index.remove(from, to);
    else if (ticket === 0) this.staged.push({ isDrop: false, from, to });
    return ticket;
  }

  dropBefore(seq: number): number {
    const ticket = this.store.dropBefore(seq);
    if (ticket > 0) this.index.dropBefore(seq);
    else if (ticket === 0) this.staged.push({ isDrop: true, from: 0, to: seq - 1 });
    return ticket;
  }

  /** What is appended in a unit is there at once, what is removed goes with `commit`. */
  begin(): void {
    this.store.begin();
    this.unitLast = this.store.last;
  }

  commit(): number {
    const ticket = this.store.commit();
    if (ticket < 0) this.takeBack();
    else for (const removal of this.staged) this.apply(removal);
    this.staged.length = 0;
    return ticket;
  }

  abort(): void {
    this.store.abort();
    this.takeBack();
    this.staged.length = 0;
  }

  /** Records that turn out to be damaged are known no more by the time the listener hears of them. */
  onDurable(listener: DurabilityListener | null): void {
    this.listener = listener;
    if (this.failure !== null) listener?.failed(this.failure);
  }

  // --- Reading ---

  read(seq: number): Read {
    return this.store.read(seq);
  }

  /** The first record at or above that matches; Infinity when there is none. */
  next(filters: FilterSet, from: number): number {
    return nextMatch(this.index, filters, from);
  }

  /** The same, no further than `to`. */
  nextWithin(filters: FilterSet, from: number, to: number): number {
    return nextMatchWithin(this.index, filters, from, to);
  }

  /** The last record at or below that matches; 0 when there is none. */
  previous(filters: FilterSet, from: number): number {
    return previousMatch(this.index, filters, from);
  }

  /** The same, no further down than `to`. */
  previousWithin(filters: FilterSet, from: number, to: number): number {
    return previousMatchWithin(this.index, filters, from, to);
  }

  /** Records at or above `from` that match: `num_pending`. */
  countMatches(filters: FilterSet, from: number): number {
    return countMatches(this.index, filters, from);
  }

  /** The same, in time for what lies above. */
  countSince(filters: FilterSet, from: number): number {
    return countSince(this.index, filters, from);
  }

  /** Subjects that match, whose last record is at or above `from`. */
  countLastMatches(filters: FilterSet, from: number): number {
    return countLastMatches(this.index, filters, from);
  }

  /** The first record that was stored at or after the time; Infinity when there is none, -1 when one must be loaded. */
  findTime(seconds: number, nanos: number): number {
    return findTime(this.index, this.store, seconds, nanos);
  }

  /** What a subject has, where its bytes lie; the answer is for those who ask now and then. */
  subjectState(subject: string): SubjectState {
    const node = this.index.subjects.findText(subject);
    if (node === 0) return { count: 0, first: 0, last: 0 };
    return { count: this.index.subjects.count(node), first: this.index.firstOf(node), last: this.index.lastOf(node) };
  }

  /** The node of a literal subject, for `countOf`, `firstOf` and `lastOf`; 0 when it has no records. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const node = this.index.subjects.find(bytes, start, end);
    return node !== 0 && this.index.subjects.count(node) > 0 ? node : 0;
  }

  countOf(node: number): number {
    return this.index.subjects.count(node);
  }

  firstOf(node: number): number {
    return this.index.firstOf(node);
  }

  lastOf(node: number): number {
    return this.index.lastOf(node);
  }

  /** Each subject that matches, once, in no order; true goes on. False where not all were visited. */
  visitSubjects(filters: FilterSet, visit: (node: number) => boolean, budget?: WalkBudget): boolean {
    return visitSubjects(this.index.subjects, filters, visit, budget);
  }

  subjectOf(node: number): string {
    return this.index.subjects.subjectOf(node);
  }

  // --- The end ---

  /** Writes down what is known, so that the next open need not look at every record. */
  checkpoint(): Promise<void> {
    return saveIndex(this.store, this.index, this.clock);
  }

  async close(): Promise<void> {
    if (this.store.count > 0) await this.checkpoint();
    await this.store.close();
  }

  private apply({ isDrop, from, to }: Removal): void {
    if (isDrop) this.index.dropBefore(to + 1);
    else this.index.remove(from, to);
  }

  private takeBack(): void {
    this.index.truncate(this.unitLast);
  }
}
