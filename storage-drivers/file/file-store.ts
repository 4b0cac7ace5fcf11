/** One store on disk: written through the journal, kept in blocks. */
import {
  type DurabilityListener,
  type Holes,
  type Mark,
  type MessageBytes,
  type OpenOptions,
  type Read,
  type RecordStore,
  Refused,
  type Scan,
  type SequenceRange,
  type StoreCompression,
  type StoredRecord,
  type StoreSnapshot,
  type StoreStats,
  type Visit,
} from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import { BlockList } from './blocks/block-list.ts';
import { loadFrames } from './blocks/load-frames.ts';
import type { Era } from './checkpoint-format.ts';
import { DurableTelling } from './durable-telling.ts';
import { type CellChange, type CellHost, FileCells } from './file-cells.ts';
import { FileSnapshot } from './file-snapshot.ts';
import type { JournalListener, JournalStore } from './journal/journal-store.ts';
import type { JournalHole } from './journal/recovery.ts';
import { APPEND_OVERHEAD, Op } from './op-format.ts';
import { ReadAhead } from './read-ahead.ts';
import type { SequenceRanges } from './sequence-ranges.ts';
import { keepMessage, mayBePlaced, placeMessage } from './store-appends.ts';
import { StoreCare } from './store-care.ts';
import { type ErasureBatch, StoreErasures } from './store-erasures.ts';
import { hasPassed, markOf } from './store-marks.ts';
import { checkPlace, checkTime, misplaced, RECORD_BYTES_MAX, SUBJECT_BYTES_MAX } from './store-mistakes.ts';
import { StoreRemovals } from './store-removals.ts';
import { statsOf } from './store-stats.ts';
import { bounded, type Removal, StoreUnit } from './store-unit.ts';
import type { StoreWorld } from './store-world.ts';
import { StoreWriter } from './store-writer.ts';
import { surveyBlocks } from './survey.ts';
import { TicketWaiters } from './ticket-waiters.ts';

export class FileStore implements RecordStore, CellHost, JournalListener {
  readonly id: string;
  readonly number: number;
  readonly directory: string;
  readonly cells: FileCells;
  readonly record = new RecordView();
  readonly blocks: BlockList;
  readonly world: StoreWorld;
  readonly care = new StoreCare(this);
  readonly erasures = new StoreErasures();
  readonly leaving = new StoreRemovals(this);
  private readonly reading = new ReadAhead(this);
  first: number;
  last: number;
  lastSeconds = 0;
  lastNanos = 0;
  isStaged = false;
  /** What was taken is called durable, though it is synced a little later. */
  isLazy = false;
  compression: StoreCompression | null = null;
  isAmnesiac = false;
  /** A part of the journal is gone that may have held something of this store, and one that did. */
  doubt: JournalHole | null = null;
  missing: JournalHole | null = null;
  /** The journal may speak of messages in its blocks; of these none is there any more. */
  hasPlaced = false;
  readonly unplaced: { readonly seq: number; readonly block: number; readonly size: number }[] = [];
  /** Its checkpoint is under an older key. */
  isCheckpointStale = false;
  /** Nobody has it open. */
  isClosed = true;
  isDestroyed = false;
  /** In memory and on disk are not the same any more. */
  isFailed = false;
  checkpointing: Promise<void> | null = null;
  /** The newest operation that a checkpoint includes. */
  checkpointSerial = 0;
  checkpointBytes = 0;
  /** Files were removed, and a power cut might bring them back. */
  hasRemoved = false;
  eras: Era[] = [];
  private hasEra = false;
  private writer: StoreWriter | null = null;
  listener: DurabilityListener | null = null;
  private readonly waiters = new TicketWaiters();
  private readonly unit = new StoreUnit();
  private isVisiting = false;
  private readonly telling = new DurableTelling(this);
  private appended = 0;
  private refused = 0;
  private snapshots = 0;
  private recoveredSerial = 0;

  constructor(id: string, number: number, directory: string, world: StoreWorld, firstSequence: number) {
    this.id = id;
    this.number = number;
    this.directory = directory;
    this.world = world;
    this.first = firstSequence;
    this.last = firstSequence - 1;
    this.cells = new FileCells(this);
    const { blockBytes, blockFrameBytes, blockSlotsMax } = world.options;
    this.blocks = new BlockList({
      blockBytes,
      frameBytes: blockFrameBytes,
      slotsMax: blockSlotsMax,
      memory: world.frameMemory,
    });
  }

  get count(): number {
    return this.blocks.count;
  }

  get contentBytes(): number {
    return this.blocks.contentBytes;
  }

  get coldSequence(): number {
    return this.blocks.coldSequence;
  }

  get durableTicket(): number {
    const { writer, erasures } = this;
    if (writer === null) return 0;
    const taken = this.isLazy ? writer.store.appended : writer.store.durable;
    return erasures.isUrgent ? Math.min(taken, erasures.barrier - 1) : taken;
  }

  /** The number of the newest operation. */
  get serial(): number {
    return this.writer?.serial ?? this.recoveredSerial;
  }

  set serial(serial: number) {
    if (this.writer !== null) this.writer.serial = serial;
    this.recoveredSerial = serial;
  }

  get journalStore(): JournalStore {
    return this.writer!.store;
  }

  get isAttached(): boolean {
    return this.writer !== null;
  }

  /** From now on it can be written to. */
  attach(store: JournalStore): void {
    this.writer = new StoreWriter(this.world.journal, store);
    this.writer.serial = this.recoveredSerial;
    store.listener = this;
  }

  create(firstSequence: number): number {
    return this.writer!.create(firstSequence, this.isStaged, this.id);
  }

  // --- Writing ---

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    checkPlace(seq, this);
    checkTime(seconds, nanos);
    const subjectLength = message.subjectEnd - message.subjectStart;
    const length = subjectLength + message.bodyEnd - message.headerStart;
    if (subjectLength > SUBJECT_BYTES_MAX || length > RECORD_BYTES_MAX) return this.refuse(Refused.tooLarge);
    const writer = this.writable();
    if (writer === null) return this.refuse(Refused.failed);
    const size = APPEND_OVERHEAD + length;
    const isPlaced = !this.unit.isOpen && mayBePlaced(this, size);
    const take = isPlaced ? placeMessage : keepMessage;
    const ticket = take(this, writer, seq, seconds, nanos, flags, message, size);
    if (ticket < 0) return this.refuse(ticket);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.appended++;
    return this.unit.isOpen ? 0 : ticket;
  }

  advance(last: number): number {
    if (last < this.last) throw misplaced(last, this);
    return this.removeOrStage({ type: Op.advance, from: last, to: 0 });
  }

  remove(from: number, to: number): number {
    return this.removeOrStage({ type: Op.remove, from, to });
  }

  erase(from: number, to: number): number {
    return this.removeOrStage({ type: Op.erase, from, to });
  }

  dropBefore(seq: number): number {
    return this.removeOrStage({ type: Op.drop, from: seq, to: 0 });
  }

  cutAfter(seq: number): number {
    const writer = this.writable();
    if (this.unit.isOpen) throw new Error('a cut is not part of a unit');
    if (writer === null) return this.refuse(Refused.failed);
    const ticket = writer.numbers(Op.cut, seq, 0);
    if (ticket < 0) return this.refuse(ticket);
    this.leaving.cut(seq);
    return ticket;
  }

  writeCell(change: CellChange): number {
    const writer = this.writable();
    if (writer === null) return this.refuse(Refused.failed);
    if (this.unit.isOpen) {
      this.unit.staged.push({ cell: change, removal: null });
      return 0;
    }
    const ticket = writer.cell(change);
    if (ticket < 0) return this.refuse(ticket);
    this.cells.apply(change);
    return ticket;
  }

  begin(): void {
    if (!this.unit.isOpen) this.writable();
    this.unit.begin(this);
    this.world.journal.beginGroup(this.journalStore);
  }

  commit(): number {
    const { unit, last } = this;
    if (!unit.isOpen) throw new Error('commit without begin');
    // A unit of nothing has a ticket too.
    if (this.serial === unit.before.serial && unit.staged.length === 0) this.advance(this.last);
    for (const { removal, cell } of unit.staged) {
      if (unit.refusal !== 0) break;
      const written = removal !== null ? this.writeRemoval(bounded(removal, last)) : this.writer!.cell(cell);
      if (written < 0) this.refuse(written);
    }
    if (unit.refusal !== 0) {
      this.abort();
      return unit.refusal;
    }
    unit.end('commit');
    const ticket = this.world.journal.endGroup(this.journalStore);
    for (const { removal, cell } of unit.staged) {
      if (removal !== null) this.applyWritten(bounded(removal, last), ticket);
      else this.cells.apply(cell);
    }
    unit.staged.length = 0;
    return ticket;
  }

  abort(): void {
    const { unit } = this;
    unit.end('abort');
    unit.staged.length = 0;
    this.world.journal.abortGroup(this.journalStore);
    this.blocks.takeBack(unit.before.last);
    Object.assign(this, unit.before);
  }

  onDurable(listener: DurabilityListener | null): void {
    this.listener = listener;
  }

  // --- What the journal says ---

  durable(ticket: number): void {
    this.blocks.settle();
    this.waiters.wake(ticket);
    // What was erased is durable when it is destroyed, and what was written after it no earlier.
    if (this.erasures.isUrgent) this.world.keeper.wantsErasure(this);
    this.telling.now();
  }

  /** What was erased is destroyed, but for what snapshots hold. */
  erased(batch: ErasureBatch, held: SequenceRanges): void {
    this.erasures.done(batch, held);
    this.telling.now();
  }

  failed(error: Error): void {
    this.blocks.settle();
    this.isFailed = true;
    this.erasures.clear();
    this.waiters.fail(error);
    this.listener?.failed(error);
  }

  pressed(): void {
    this.world.keeper.wantsCheckpoint(this);
  }

  /** Resolves when all that was written so far is durable. */
  untilDurable(): Promise<void> {
    const { store } = this.writer!;
    if (this.isFailed) return Promise.reject(store.failure ?? new Error(`the store '${this.id}' failed`));
    if (store.durable >= store.appended) return Promise.resolve();
    return this.waiters.until(store.appended);
  }

  // --- Reading ---

  read(seq: number): Read {
    return this.blocks.read(seq, this.record);
  }

  scan(from: number, to: number, visit: Visit): Scan {
    this.isVisiting = true;
    try {
      return this.blocks.scan(from, to, this.record, visit);
    } finally {
      this.isVisiting = false;
    }
  }

  load(from: number, to: number, done: (error: Error | null) => void): void {
    this.reading.load(from, to).then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  survey(from: number, visit: (record: StoredRecord) => void): Promise<number> {
    return surveyBlocks(this, from, visit);
  }

  /** Reads frames that are not in memory. */
  async bringIn(cold: ReturnType<BlockList['coldFrames']>): Promise<void> {
    const { world } = this;
    for (const { block, frames } of cold) {
      await loadFrames(world, this, block, frames, this.care.onDamage);
      for (const frame of frames) if (frame.isInMemory) world.cache.add(frame);
    }
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    this.blocks.gaps(Math.max(from, this.first), Math.min(to, this.last), visit);
  }

  snapshot(): StoreSnapshot {
    this.snapshots++;
    return new FileSnapshot(this, () => {
      this.snapshots--;
      if (!this.erasures.isEmpty) this.world.keeper.wantsErasure(this);
    });
  }

  mark(): Mark {
    return markOf(this);
  }

  passed(mark: Mark): boolean {
    return hasPassed(this, mark);
  }

  // --- Care ---

  verify(from: number, to: number): Promise<readonly SequenceRange[]> {
    return this.care.verify(from, to);
  }

  holes(): Holes {
    return this.care.holes();
  }

  repair(seq: number, record: StoredRecord): Promise<boolean> {
    return this.care.repair(seq, record);
  }

  stats(): StoreStats {
    const { appended, refused, snapshots, leaving } = this;
    return { ...statsOf(this), appended, removed: leaving.removed, refused, snapshots };
  }

  publish(): Promise<void> {
    return this.world.keeper.publish(this);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.listener = null;
    if (!this.isFailed) await this.untilDurable();
    await this.world.keeper.closed(this);
  }

  async destroy(): Promise<void> {
    this.isClosed = true;
    this.listener = null;
    await this.world.keeper.destroy(this);
  }

  /** The store says goodbye: nothing of it counts from here on. */
  writeDestroy(): number {
    return this.writer!.numbers(Op.destroy, 0, 0);
  }

  writePublish(): number {
    return this.writer!.numbers(Op.publish, 0, 0);
  }

  /** Who is first, be it above or below who was. */
  settleFirst(from = 0): void {
    this.first = this.count === 0 ? this.last + 1 : this.blocks.firstFrom(from);
  }

  tellDamaged({ from, to }: SequenceRange): void {
    this.listener?.damaged?.(from, to);
  }

  private removeOrStage(removal: Removal): number {
    const writer = this.writable();
    if (writer === null) return this.refuse(Refused.failed);
    if (this.unit.isOpen) {
      this.unit.staged.push({ removal, cell: null });
      return 0;
    }
    const written = bounded(removal, this.last);
    const ticket = this.writeRemoval(written);
    if (ticket < 0) return this.refuse(ticket);
    this.applyWritten(written, ticket);
    return ticket;
  }

  private writeRemoval({ type, from, to }: Removal): number {
    return this.writer!.numbers(type, from, to);
  }

  private applyWritten(removal: Removal, ticket: number): void {
    this.leaving.remove(removal);
    if (removal.type === Op.erase) this.erasures.add(ticket, removal.from, removal.to, this.serial);
  }

  /** Null when nothing can be written until the store is opened again. */
  private writable(): StoreWriter | null {
    if (this.isClosed) throw new Error(`the store '${this.id}' is closed`);
    if (this.isVisiting) throw new Error(`the store '${this.id}' is written to by a visitor of its records`);
    if (this.isFailed) return null;
    if (this.isLazy) this.telling.soon();
    if (!this.hasEra && !this.unit.isOpen) this.beginEra();
    return this.writer;
  }

  private beginEra(): void {
    const check = this.world.ports.random.below(2 ** 32);
    if (this.writer!.numbers(Op.era, check, 0) < 0) return;
    this.hasEra = true;
    this.eras.push({ from: this.serial, check });
  }

  /** Another life begins: what is written from now on is told from what was written before. */
  reopen({ isLazy = false, compression }: OpenOptions): void {
    this.isClosed = false;
    this.isLazy = isLazy;
    this.compression = compression ?? this.compression;
    this.hasEra = false;
  }

  private refuse(reason: number): number {
    this.refused++;
    if (this.unit.isOpen && this.unit.refusal === 0) this.unit.refusal = reason;
    return reason;
  }
}
