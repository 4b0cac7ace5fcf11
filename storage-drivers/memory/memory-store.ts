/** One store in memory: always warm, never damaged, gone when it is closed. */
import {
  type DurabilityListener,
  type Holes,
  type Mark,
  type MessageBytes,
  Read,
  type RecordStore,
  Refused,
  type Scan,
  type SequenceRange,
  type StoreSnapshot,
  type StoreStats,
  type Visit,
} from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import { type CellHost, MemoryCells } from './memory-cells.ts';
import { MemoryRecords } from './memory-records.ts';
import { MemorySnapshot } from './memory-snapshot.ts';
import type { UsedMemory } from './used-memory.ts';

/** What all stores of a driver share. */
export interface MemoryBudget {
  readonly bytesMax: number;
  bytes: number;
}

/** What the driver does when a store goes. */
export interface StoreKeeper {
  readonly budget: MemoryBudget;
  readonly memory: UsedMemory;
  forget(store: MemoryStore): void;
  publish(store: MemoryStore): void;
}

type RemovalKind = 'remove' | 'erase' | 'drop';

/** Waits for the end of a unit. */
interface Removal {
  readonly kind: RemovalKind;
  readonly from: number;
  readonly to: number;
}

export const SUBJECT_BYTES_MAX = 65_535;
export const RECORD_BYTES_MAX = 2 ** 31 - 1;
const SECONDS_LIMIT = 2 ** 33;
const RECORD_OVERHEAD = 24;
const NO_HOLES: Holes = { ranges: [], records: 0, bytes: 0 };

export class MemoryStore implements RecordStore, CellHost {
  readonly id: string;
  readonly cells: MemoryCells;
  readonly record = new RecordView();
  readonly coldSequence = 0;
  first: number;
  last: number;
  lastSeconds = 0;
  lastNanos = 0;
  durableTicket = 0;
  isInUnit = false;
  cellBytes = 0;
  private readonly keeper: StoreKeeper;
  private readonly budget: MemoryBudget;
  private readonly identity: number;
  private readonly records: MemoryRecords;
  private readonly staged: Removal[] = [];
  private isClosed = false;
  private isVisiting = false;
  private appended = 0;
  private removed = 0;
  private refused = 0;
  private unitRefusal: Refused | 0 = 0;
  private unitLast = 0;
  private unitSeconds = 0;
  private unitNanos = 0;
  /** What this store takes of the budget. */
  private charged = 0;

  constructor(id: string, keeper: StoreKeeper, firstSequence: number, identity: number) {
    this.id = id;
    this.keeper = keeper;
    this.budget = keeper.budget;
    this.identity = identity;
    this.first = firstSequence;
    this.last = firstSequence - 1;
    this.cells = new MemoryCells(this);
    this.records = new MemoryRecords(keeper.memory);
  }

  get count(): number {
    return this.records.count;
  }

  get contentBytes(): number {
    return this.records.contentBytes;
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    if (!(seq > this.last && seq <= Number.MAX_SAFE_INTEGER)) throw this.misplaced(seq);
    if (!(seconds >= 0 && seconds < SECONDS_LIMIT && nanos >= 0 && nanos < 1e9)) throw misdated(seconds, nanos);
    const subjectLength = message.subjectEnd - message.subjectStart;
    const length = subjectLength + message.bodyEnd - message.headerStart;
    if (subjectLength > SUBJECT_BYTES_MAX || length > RECORD_BYTES_MAX) return this.refuse(Refused.tooLarge);
    if (this.budget.bytes + length + RECORD_OVERHEAD > this.budget.bytesMax) return this.refuse(Refused.full);
    const ticket = this.nextTicket();
    if (ticket < 0) return ticket;
    if (this.records.count === 0) this.first = seq;
    this.records.append(seq, seconds, nanos, flags, message);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.appended++;
    this.charge();
    return ticket;
  }

  advance(last: number): number {
    if (last < this.last) throw this.misplaced(last);
    const ticket = this.nextTicket();
    this.last = last;
    if (this.records.count === 0) this.first = last + 1;
    return ticket;
  }

  remove(from: number, to: number): number {
    return this.removeOrStage('remove', from, to);
  }

  erase(from: number, to: number): number {
    return this.removeOrStage('erase', from, to);
  }

  dropBefore(seq: number): number {
    return this.removeOrStage('drop', 0, seq - 1);
  }

  cutAfter(seq: number): number {
    const ticket = this.nextTicket();
    if (this.isInUnit) throw new Error('a cut is not part of a unit');
    if (seq >= this.last) return ticket;
    const isThere = this.records.show(seq, this.record);
    this.cut(seq, isThere ? this.record.seconds : this.lastSeconds, isThere ? this.record.nanos : this.lastNanos);
    return ticket;
  }

  begin(): void {
    this.assertWritable();
    if (this.isInUnit) throw new Error('units do not nest');
    this.isInUnit = true;
    this.unitRefusal = 0;
    this.unitLast = this.last;
    this.unitSeconds = this.lastSeconds;
    this.unitNanos = this.lastNanos;
  }

  commit(): number {
    if (!this.isInUnit) throw new Error('commit without begin');
    if (this.unitRefusal !== 0) {
      this.abort();
      return this.unitRefusal;
    }
    this.isInUnit = false;
    for (const { kind, from, to } of this.staged) this.applyRemoval(kind, from, to);
    this.staged.length = 0;
    this.cells.commit();
    return this.nextTicket();
  }

  abort(): void {
    if (!this.isInUnit) throw new Error('abort without begin');
    this.isInUnit = false;
    this.staged.length = 0;
    this.cells.abort();
    if (this.last > this.unitLast) this.cut(this.unitLast, this.unitSeconds, this.unitNanos);
  }

  /** Nobody is ever told: what is in memory is as durable as it gets when the ticket is given. */
  onDurable(_listener: DurabilityListener | null): void {}

  read(seq: number): Read {
    return this.records.show(seq, this.record) ? Read.found : Read.gone;
  }

  scan(from: number, to: number, visit: Visit): Scan {
    this.isVisiting = true;
    try {
      return this.records.scan(from, to, this.record, visit);
    } finally {
      this.isVisiting = false;
    }
  }

  load(_from: number, _to: number, done: (error: Error | null) => void): void {
    queueMicrotask(() => done(null));
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    this.records.gaps(Math.max(from, this.first), Math.min(to, this.last), visit);
  }

  snapshot(): StoreSnapshot {
    return new MemorySnapshot(this, this.records);
  }

  mark(): Mark {
    return { position: this.durableTicket, check: this.identity };
  }

  passed(mark: Mark): boolean {
    return mark.check === this.identity && mark.position <= this.durableTicket;
  }

  async verify(): Promise<readonly SequenceRange[]> {
    return [];
  }

  holes(): Holes {
    return NO_HOLES;
  }

  async repair(): Promise<boolean> {
    return false;
  }

  stats(): StoreStats {
    return {
      memoryBytes: this.records.memoryBytes() + this.cellBytes,
      diskBytes: 0,
      blocks: this.records.segments.length,
      appended: this.appended,
      removed: this.removed,
      refused: this.refused,
      holes: 0,
      snapshots: this.records.snapshots,
    };
  }

  async publish(): Promise<void> {
    this.keeper.publish(this);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.budget.bytes -= this.charged;
    this.keeper.forget(this);
  }

  async destroy(): Promise<void> {
    await this.close();
  }

  nextTicket(): number {
    this.assertWritable();
    return this.isInUnit ? 0 : ++this.durableTicket;
  }

  private removeOrStage(kind: RemovalKind, from: number, to: number): number {
    const ticket = this.nextTicket();
    if (this.isInUnit) this.staged.push({ kind, from, to });
    else this.applyRemoval(kind, from, to);
    return ticket;
  }

  private applyRemoval(kind: RemovalKind, from: number, to: number): void {
    if (kind === 'drop') {
      const dropped = to >= this.first ? this.records.dropBefore(to + 1) : 0;
      if (to > this.last) this.last = to;
      this.settle(dropped);
      return;
    }
    const removed = this.records.remove(Math.max(from, this.first), Math.min(to, this.last), kind === 'erase');
    if (removed > 0) this.settle(removed);
  }

  private cut(seq: number, seconds: number, nanos: number): void {
    const removed = this.records.truncate(seq);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.settle(removed);
  }

  /** After removals: who is first now, and what is taken of the budget. */
  private settle(removed: number): void {
    this.removed += removed;
    this.first = this.records.count === 0 ? this.last + 1 : this.records.firstFrom(this.first);
    this.charge();
  }

  private charge(): void {
    const bytes = this.records.contentBytes + this.records.count * RECORD_OVERHEAD;
    this.budget.bytes += bytes - this.charged;
    this.charged = bytes;
  }

  private refuse(reason: Refused): number {
    this.assertWritable();
    this.refused++;
    if (this.isInUnit && this.unitRefusal === 0) this.unitRefusal = reason;
    return reason;
  }

  private assertWritable(): void {
    if (this.isClosed) throw new Error(`the store '${this.id}' is closed`);
    if (this.isVisiting) throw new Error(`the store '${this.id}' is written to by a visitor of its records`);
  }

  private misplaced(seq: number): RangeError {
    return new RangeError(`sequence ${seq} does not come after ${this.last} in the store '${this.id}'`);
  }
}

function misdated(seconds: number, nanos: number): RangeError {
  return new RangeError(`${seconds} seconds and ${nanos} nanoseconds are no time between 1970 and 2242`);
}
