/** One store in the database. */
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
import type { BatchMember, BatchWriter, Database, Operation } from './batch-writer.ts';
import { DeferredRemovals } from './deferred-removals.ts';
import { rangesOf, recordKey, sequenceOf, stateKey } from './keys.ts';
import { type CellHost, LevelCells } from './level-cells.ts';
import { LevelRecords } from './level-records.ts';
import { LevelSnapshot } from './level-snapshot.ts';
import { contentLengthOf, opened, readState, recordContent, type StoreEntry, sealed, stateContent } from './values.ts';

export const SUBJECT_BYTES_MAX = 65_535;
export const RECORD_BYTES_MAX = 32 * 1024 * 1024;
const SECONDS_LIMIT = 2 ** 33;
/** Larger removals are noted first, and done behind it. */
const REMOVED_AT_ONCE_MAX = 256;

/** What the driver does for its stores. */
export interface StoreKeeper {
  readonly database: Database;
  readonly writer: BatchWriter;
  publish(store: LevelStore): Promise<void>;
  forget(store: LevelStore): void;
  destroy(store: LevelStore): Promise<void>;
}

/**
 * What goes back if it is not committed, and what is done if it is: first what was appended, then the rest in order.
 */
interface OpenUnit {
  readonly last: number;
  readonly seconds: number;
  readonly nanos: number;
  refusal: Refused | 0;
  readonly appends: Operation[];
  readonly writes: (() => Operation[])[];
}

export class LevelStore implements RecordStore, BatchMember, CellHost {
  readonly id: string;
  readonly entry: StoreEntry;
  readonly cells: LevelCells;
  readonly record = new RecordView();
  first: number;
  last: number;
  lastSeconds = 0;
  lastNanos = 0;
  coldSequence = 0;
  durableTicket = 0;
  /** The records may be fewer than they should. */
  isAmnesiac = false;
  private readonly keeper: StoreKeeper;
  private readonly records: LevelRecords;
  private readonly removals: DeferredRemovals;
  private listener: DurabilityListener | null = null;
  private ticket = 0;
  private sealedTicket = 0;
  private unit: OpenUnit | null = null;
  private isVisiting = false;
  private isClosed = false;
  private isFailed = false;
  private appended = 0;
  private removed = 0;
  private refused = 0;

  constructor(id: string, entry: StoreEntry, keeper: StoreKeeper, firstSequence: number) {
    this.id = id;
    this.entry = entry;
    this.keeper = keeper;
    this.records = new LevelRecords(keeper.database, entry.number);
    this.removals = new DeferredRemovals(keeper.database, entry.number);
    this.cells = new LevelCells(this, keeper.database, keeper.writer);
    this.first = firstSequence;
    this.last = firstSequence - 1;
  }

  /** Reads all there is, and checks it. */
  async recover(): Promise<void> {
    await this.removals.open();
    await this.cells.open();
    const key = stateKey(this.number);
    const value = await this.keeper.database.get(key);
    const content = value === undefined ? null : opened(key, value);
    const state = content === null ? null : readState(content);
    await this.recoverRecords();
    this.last = Math.max(state?.last ?? 0, this.records.sizes.lastUpTo(Number.MAX_SAFE_INTEGER), this.last);
    this.lastSeconds = state?.lastSeconds ?? 0;
    this.lastNanos = state?.lastNanos ?? 0;
    this.ticket = state?.writes ?? 0;
    this.durableTicket = this.ticket;
    this.isAmnesiac = state === null || state.count !== this.count + this.records.holes.size;
    this.first = this.count === 0 ? this.last + 1 : this.records.sizes.firstFrom(0);
  }

  get number(): number {
    return this.entry.number;
  }

  get count(): number {
    return this.records.sizes.count;
  }

  get contentBytes(): number {
    return this.records.sizes.bytes;
  }

  get holeRanges(): SequenceRange[] {
    return [...this.records.holes].sort((one, other) => one - other).map((seq) => ({ from: seq, to: seq }));
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    if (!(seq > this.last && seq <= Number.MAX_SAFE_INTEGER)) throw this.misplaced(seq);
    if (!(seconds >= 0 && seconds < SECONDS_LIMIT && nanos >= 0 && nanos < 1e9)) throw misdated(seconds, nanos);
    const subjectLength = message.subjectEnd - message.subjectStart;
    const length = subjectLength + message.bodyEnd - message.headerStart;
    if (subjectLength > SUBJECT_BYTES_MAX || length > RECORD_BYTES_MAX) return this.refuse(Refused.tooLarge);
    if (this.keeper.writer.isFull) return this.refuse(Refused.full);
    if (this.isFailed) return this.refuse(Refused.failed);
    const isInUnit = this.unit !== null;
    const content = recordContent(seconds, nanos, flags, message);
    const key = recordKey(this.number, seq);
    const put: Operation = { type: 'put', key, value: sealed(key, content) };
    this.unit?.appends.push(put);
    const ticket = this.write(() => (isInUnit ? [] : [put]));
    if (this.count === 0) this.first = seq;
    this.records.append(seq, content);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.appended++;
    return ticket;
  }

  advance(last: number): number {
    if (last < this.last) throw this.misplaced(last);
    const ticket = this.write(() => []);
    if (ticket < 0) return ticket;
    this.last = last;
    if (this.count === 0) this.first = last + 1;
    return ticket;
  }

  remove(from: number, to: number): number {
    return this.write(() => this.removeNow(from, to));
  }

  /** LevelDB keeps what was deleted until it compacts; `supports.erase` says so. */
  erase(from: number, to: number): number {
    return this.remove(from, to);
  }

  dropBefore(seq: number): number {
    return this.write(() => {
      const operations = this.removeNow(0, seq - 1);
      if (seq - 1 > this.last) this.last = seq - 1;
      this.settle(0);
      return operations;
    });
  }

  cutAfter(): number {
    throw new Error('the driver level keeps no logs');
  }

  begin(): void {
    this.assertWritable();
    if (this.unit !== null) throw new Error('units do not nest');
    this.unit = {
      last: this.last,
      seconds: this.lastSeconds,
      nanos: this.lastNanos,
      refusal: 0,
      appends: [],
      writes: [],
    };
  }

  commit(): number {
    const { unit } = this;
    if (unit === null) throw new Error('commit without begin');
    if (unit.refusal !== 0) {
      this.abort();
      return unit.refusal;
    }
    this.unit = null;
    return this.write(() => [...unit.appends, ...unit.writes.flatMap((each) => each())]);
  }

  abort(): void {
    const { unit } = this;
    if (unit === null) throw new Error('abort without begin');
    this.unit = null;
    this.records.takeBack(unit.last);
    this.last = unit.last;
    this.lastSeconds = unit.seconds;
    this.lastNanos = unit.nanos;
    this.settle(0);
  }

  onDurable(listener: DurabilityListener | null): void {
    this.listener = listener;
  }

  read(seq: number): Read {
    const read = this.records.read(seq, this.record);
    if (read === Read.cold) this.coldSequence = seq;
    return read;
  }

  scan(from: number, to: number, visit: Visit): Scan {
    this.isVisiting = true;
    try {
      const { end, cold } = this.records.scan(this.records.sizes, from, to, this.record, visit);
      this.coldSequence = cold;
      return end;
    } finally {
      this.isVisiting = false;
    }
  }

  load(from: number, to: number, done: (error: Error | null) => void): void {
    this.records.load(from, to).then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    this.records.gaps(Math.max(from, this.first), Math.min(to, this.last), visit);
  }

  snapshot(): StoreSnapshot {
    return new LevelSnapshot(this, this.records, this.removals);
  }

  mark(): Mark {
    return { position: this.durableTicket, check: this.entry.identity };
  }

  passed(mark: Mark): boolean {
    return mark.check === this.entry.identity && mark.position <= this.durableTicket;
  }

  async verify(from: number, to: number): Promise<readonly SequenceRange[]> {
    await this.keeper.writer.flush();
    for (let seq = this.records.sizes.firstFrom(from); seq <= to; ) {
      await this.records.load(seq, to);
      while (seq <= to && this.records.read(seq, this.record) !== Read.cold)
        seq = this.records.sizes.firstFrom(seq + 1);
    }
    return this.holeRanges.filter((hole) => hole.from >= from && hole.to <= to);
  }

  holes(): Holes {
    const ranges = this.holeRanges;
    return { ranges, records: this.records.holes.size, bytes: 0 };
  }

  async repair(): Promise<boolean> {
    return false;
  }

  stats(): StoreStats {
    return {
      memoryBytes: this.records.memoryBytes,
      diskBytes: this.contentBytes,
      blocks: 0,
      appended: this.appended,
      removed: this.removed,
      refused: this.refused,
      holes: this.records.holes.size,
      snapshots: this.removals.snapshots,
    };
  }

  async publish(): Promise<void> {
    await this.keeper.writer.flush();
    await this.keeper.publish(this);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.keeper.writer.flush();
    await this.removals.sweep();
    this.keeper.forget(this);
  }

  async destroy(): Promise<void> {
    await this.close();
    await this.keeper.destroy(this);
  }

  /**
   * Changes that a batch carries; within a unit they are made when it is committed. Appends have changed memory
   * already.
   */
  write(apply: () => Operation[]): number {
    this.assertWritable();
    if (this.isFailed) return this.refuse(Refused.failed);
    if (this.unit !== null) {
      this.unit.writes.push(apply);
      return 0;
    }
    this.ticket++;
    for (const operation of apply()) this.keeper.writer.add(this, operation);
    this.keeper.writer.touch(this);
    return this.ticket;
  }

  /** Written with whatever is written, and when the store is made: where there is none, it was lost. */
  state(): Operation {
    const { last, lastSeconds, lastNanos, number } = this;
    const count = this.count + this.records.holes.size;
    const key = stateKey(number);
    return {
      type: 'put',
      key,
      value: sealed(key, stateContent({ last, lastSeconds, lastNanos, count, writes: this.ticket })),
    };
  }

  seal(): void {
    this.keeper.writer.add(this, this.state());
    this.records.seal();
    this.removals.seal();
    this.sealedTicket = this.ticket;
  }

  written(): void {
    this.durableTicket = this.sealedTicket;
    this.removals.written();
    this.listener?.durable(this.durableTicket);
  }

  failed(error: Error): void {
    this.isFailed = true;
    this.listener?.failed(error);
  }

  private removeNow(from: number, to: number): Operation[] {
    const [low, high] = [Math.max(from, Math.min(this.first, this.records.lowest)), Math.min(to, this.last)];
    if (low > high) return [];
    const isHurt = this.records.holesWithin(low, high).length > 0;
    const keys =
      high - low < REMOVED_AT_ONCE_MAX && this.removals.snapshots === 0 ? this.records.keysOf(low, high) : null;
    const removed = this.records.remove(low, high);
    this.settle(removed);
    if (keys !== null) return keys.map((key) => ({ type: 'del', key }));
    return removed === 0 && !isHurt ? [] : [this.removals.note(low, high)];
  }

  private settle(removed: number): void {
    this.removed += removed;
    this.first = this.count === 0 ? this.last + 1 : this.records.sizes.firstFrom(this.first);
  }

  private async recoverRecords(): Promise<void> {
    const { sizes } = this.records;
    const iterator = this.keeper.database.iterator(rangesOf(this.number).records);
    for (let entries = await iterator.nextv(1000); entries.length > 0; entries = await iterator.nextv(1000)) {
      for (const [key, value] of entries) {
        const content = opened(key, value);
        if (content === null) this.records.holes.add(sequenceOf(key));
        else sizes.add(sequenceOf(key), contentLengthOf(content));
      }
    }
    await iterator.close();
  }

  private refuse(reason: Refused): number {
    this.assertWritable();
    this.refused++;
    if (this.unit !== null && this.unit.refusal === 0) this.unit.refusal = reason;
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
