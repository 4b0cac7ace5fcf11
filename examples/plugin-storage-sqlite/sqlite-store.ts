/** One store as rows. All is synchronous, so nothing is ever cold; what is written in a turn is committed at its end. */
import {
  type DurabilityListener,
  type Holes,
  type Mark,
  type MessageBytes,
  Read,
  type RecordStore,
  Refused,
  Scan,
  type SequenceRange,
  type StoreSnapshot,
  type StoreStats,
  type Visit,
} from 'gnatlet/contracts';
import { RowView } from './row-view.ts';
import { SqliteCells } from './sqlite-cells.ts';
import { firstRow, type Row } from './sqlite-module.ts';
import { type SnapshotSource, SqliteSnapshot } from './sqlite-snapshot.ts';
import type { Tables } from './tables.ts';
import type { TurnTransaction, Writer } from './turn-transaction.ts';

export const RECORD_BYTES_MAX = 32 * 1024 * 1024;
const SUBJECT_BYTES_MAX = 65_535;
const SECONDS_LIMIT = 2 ** 33;

export interface StoreKeeper {
  readonly tables: Tables;
  readonly transaction: TurnTransaction;
  publish(store: SqliteStore): void;
  forget(store: SqliteStore): void;
  destroy(store: SqliteStore): void;
}

/** What an aborted unit goes back to. */
interface Before {
  readonly first: number;
  readonly last: number;
  readonly lastSeconds: number;
  readonly lastNanos: number;
  readonly count: number;
  readonly contentBytes: number;
}

export class SqliteStore implements RecordStore, SnapshotSource, Writer {
  readonly id: string;
  readonly number: number;
  readonly cells: SqliteCells;
  readonly record = new RowView();
  readonly coldSequence = 0;
  first = 1;
  last: number;
  lastSeconds: number;
  lastNanos: number;
  count = 0;
  contentBytes = 0;
  durableTicket: number;
  private readonly identity: number;
  private readonly keeper: StoreKeeper;
  private readonly tables: Tables;
  private readonly view = new RowView();
  private listener: DurabilityListener | null = null;
  private ticket: number;
  private before: Before | null = null;
  private staged: (() => void)[] = [];
  private refusal: Refused | 0 = 0;
  private removals = 0;
  private snapshots = 0;
  private isVisiting = false;
  private isClosed = false;
  private isFailed = false;
  private appended = 0;
  private removed = 0;
  private refused = 0;

  constructor(row: Row, keeper: StoreKeeper) {
    this.id = String(row.id);
    this.number = Number(row.number);
    this.identity = Number(row.identity);
    this.last = Number(row.last);
    this.lastSeconds = Number(row.seconds);
    this.lastNanos = Number(row.nanos);
    this.ticket = Number(row.writes);
    this.durableTicket = this.ticket;
    this.keeper = keeper;
    this.tables = keeper.tables;
    this.cells = new SqliteCells(this.tables, this.number, (run) => this.write(run));
    this.tables.deleteRemoved.run([this.number]);
    this.count = this.sum(0, this.last).count;
    this.contentBytes = this.sum(0, this.last).bytes;
    this.settle();
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    if (!(seq > this.last && seq <= Number.MAX_SAFE_INTEGER)) throw this.misplaced(seq);
    if (!(seconds >= 0 && seconds < SECONDS_LIMIT && nanos >= 0 && nanos < 1e9)) {
      throw new RangeError(`${seconds} seconds and ${nanos} nanoseconds are no time between 1970 and 2242`);
    }
    const { subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyStart, bodyEnd } = message;
    const subject = subjectEnd - subjectStart;
    const length = subject + bodyEnd - headerStart;
    if (subject > SUBJECT_BYTES_MAX || length > RECORD_BYTES_MAX) return this.refuse(Refused.tooLarge);
    const ticket = this.nextTicket();
    if (ticket < 0) return ticket;
    const content = Buffer.concat([
      subjectBytes.subarray(subjectStart, subjectEnd),
      bytes.subarray(headerStart, bodyEnd),
    ]);
    const header = bodyStart - headerStart;
    this.tables.append.run([this.number, seq, seconds, nanos, flags, subject, header, new Uint8Array(content)]);
    if (this.count === 0) this.first = seq;
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.count++;
    this.contentBytes += length;
    this.appended++;
    return ticket;
  }

  advance(last: number): number {
    if (last < this.last) throw this.misplaced(last);
    const ticket = this.nextTicket();
    if (ticket < 0) return ticket;
    this.last = last;
    if (this.count === 0) this.first = last + 1;
    return ticket;
  }

  remove(from: number, to: number): number {
    return this.write(() => this.removeRows(from, to));
  }

  /** SQLite leaves the bytes in free pages; `supports.erase` says so. */
  erase(from: number, to: number): number {
    return this.remove(from, to);
  }

  dropBefore(seq: number): number {
    return this.write(() => {
      this.removeRows(0, seq - 1);
      if (seq - 1 > this.last) this.last = seq - 1;
      this.settle();
    });
  }

  cutAfter(): number {
    throw new Error('this driver keeps no logs');
  }

  begin(): void {
    this.assertWritable();
    if (this.before !== null) throw new Error('units do not nest');
    const { first, last, lastSeconds, lastNanos, count, contentBytes } = this;
    this.keeper.transaction.join(this);
    this.keeper.transaction.mark();
    this.refusal = 0;
    this.before = { first, last, lastSeconds, lastNanos, count, contentBytes };
  }

  commit(): number {
    if (this.before === null) throw new Error('commit without begin');
    if (this.refusal !== 0) {
      this.abort();
      return this.refusal;
    }
    this.before = null;
    for (const run of this.staged.splice(0)) run();
    this.keeper.transaction.keep();
    return this.nextTicket();
  }

  abort(): void {
    if (this.before === null) throw new Error('abort without begin');
    this.keeper.transaction.takeBack();
    this.staged = [];
    Object.assign(this, this.before);
    this.before = null;
  }

  onDurable(listener: DurabilityListener | null): void {
    this.listener = listener;
  }

  read(seq: number): Read {
    const row = firstRow(this.tables.read, [this.number, seq]);
    if (row === undefined) return Read.gone;
    this.record.show(row);
    return Read.found;
  }

  scan(from: number, to: number, visit: Visit): Scan {
    return this.walk(from, to, this.removals, visit);
  }

  /** A hundred rows at a time: a statement that is read row by row would hold its lock meanwhile. */
  walk(from: number, to: number, removal: number, visit: Visit): Scan {
    const isUp = from <= to;
    let next = from;
    this.isVisiting = true;
    try {
      for (;;) {
        const range = [this.number, isUp ? next : to, isUp ? to : next, removal];
        const rows = isUp ? this.tables.up.all(range) : this.tables.down.all(range);
        for (const row of rows) if (!visit(this.view.show(row))) return Scan.stopped;
        if (rows.length < 100) return Scan.done;
        next = this.view.seq + (isUp ? 1 : -1);
      }
    } finally {
      this.isVisiting = false;
    }
  }

  load(_from: number, _to: number, done: (error: Error | null) => void): void {
    queueMicrotask(() => done(null));
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    let next = Math.max(from, this.first);
    const end = Math.min(to, this.last);
    for (let isMore = next <= end; isMore; ) {
      const rows = this.tables.sequences.all([this.number, next, end]);
      for (const row of rows) {
        const seq = Number(row.seq);
        if (seq > next) visit(next, seq - 1);
        next = seq + 1;
      }
      isMore = rows.length === 1000 && next <= end;
    }
    if (next <= end) visit(next, end);
  }

  snapshot(): StoreSnapshot {
    this.snapshots++;
    return new SqliteSnapshot(this, this.removals);
  }

  released(): void {
    this.snapshots--;
    if (this.snapshots > 0 || this.isClosed) return;
    this.keeper.transaction.join(this);
    this.tables.deleteRemoved.run([this.number]);
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
    return { ranges: [], records: 0, bytes: 0 };
  }

  async repair(): Promise<boolean> {
    return false;
  }

  stats(): StoreStats {
    const { appended, removed, refused, snapshots } = this;
    return {
      memoryBytes: 4096,
      diskBytes: this.contentBytes,
      blocks: 0,
      appended,
      removed,
      refused,
      holes: 0,
      snapshots,
    };
  }

  async publish(): Promise<void> {
    this.keeper.transaction.end();
    this.keeper.publish(this);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.keeper.transaction.end();
    this.isClosed = true;
    this.keeper.forget(this);
  }

  async destroy(): Promise<void> {
    await this.close();
    this.keeper.destroy(this);
  }

  save(): void {
    this.tables.saveState.run([this.last, this.lastSeconds, this.lastNanos, this.ticket, this.number]);
  }

  committed(): void {
    this.durableTicket = this.ticket;
    this.listener?.durable(this.durableTicket);
  }

  failed(error: Error): void {
    this.isFailed = true;
    this.listener?.failed(error);
  }

  /** Everything but an append waits for the end of a unit. */
  private write(run: () => void): number {
    const ticket = this.nextTicket();
    if (ticket < 0) return ticket;
    if (this.before !== null) this.staged.push(run);
    else run();
    return ticket;
  }

  private nextTicket(): number {
    this.assertWritable();
    if (this.isFailed) return this.refuse(Refused.failed);
    if (this.before !== null) return 0;
    this.keeper.transaction.join(this);
    return ++this.ticket;
  }

  private removeRows(from: number, to: number): void {
    const end = Math.min(to, this.last);
    const { count, bytes } = this.sum(from, end);
    this.removals++;
    if (this.snapshots > 0) this.tables.remove.run([this.removals, this.number, from, end]);
    else this.tables.delete.run([this.number, from, end]);
    this.count -= count;
    this.contentBytes -= bytes;
    this.removed += count;
    this.settle();
  }

  private settle(): void {
    const row = this.count === 0 ? undefined : firstRow(this.tables.first, [this.number, 0]);
    this.first = row === undefined ? this.last + 1 : Number(row.seq);
  }

  private sum(from: number, to: number): { count: number; bytes: number } {
    const row = firstRow(this.tables.sum, [this.number, from, to])!;
    return { count: Number(row.count), bytes: Number(row.bytes) };
  }

  private refuse(reason: Refused): number {
    this.assertWritable();
    this.refused++;
    if (this.before !== null && this.refusal === 0) this.refusal = reason;
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
