/** One store on disk: written through the journal, kept in blocks. */
import {
  type DurabilityListener,
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
import type { Block } from './blocks/block.ts';
import { BlockList, rangesOf } from './blocks/block-list.ts';
import { loadFrames } from './blocks/load-frames.ts';
import type { Era } from './checkpoint-format.ts';
import { type CellChange, type CellHost, FileCells } from './file-cells.ts';
import { FileSnapshot } from './file-snapshot.ts';
import type { JournalListener, JournalStore } from './journal/journal-store.ts';
import { RECORD_HEADER_BYTES } from './journal/record-format.ts';
import { Op } from './op-format.ts';
import { RecordView } from './record-view.ts';
import { checkPlace, checkTime, misplaced } from './store-mistakes.ts';
import { statsOf } from './store-stats.ts';
import type { StoreWorld } from './store-world.ts';
import { StoreWriter } from './store-writer.ts';
import { TicketWaiters } from './ticket-waiters.ts';

interface Removal {
  readonly type: typeof Op.remove | typeof Op.erase | typeof Op.drop | typeof Op.advance;
  readonly from: number;
  readonly to: number;
}

type Staged =
  | { readonly removal: Removal; readonly cell: null }
  | { readonly removal: null; readonly cell: CellChange };

export const SUBJECT_BYTES_MAX = 65_535;
/** The largest record of the reference, and its subject. */
export const RECORD_BYTES_MAX = 64 * 1024 * 1024 + SUBJECT_BYTES_MAX;

export class FileStore implements RecordStore, CellHost, JournalListener {
  readonly id: string;
  readonly number: number;
  readonly directory: string;
  readonly cells: FileCells;
  readonly record = new RecordView();
  readonly blocks: BlockList;
  readonly world: StoreWorld;
  first: number;
  last: number;
  lastSeconds = 0;
  lastNanos = 0;
  isStaged = false;
  isAmnesiac = false;
  /** A part of the journal is gone that may have held something of this store. */
  isDoubtful = false;
  /** Nobody has it open. */
  isClosed = true;
  isDestroyed = false;
  /** In memory and on disk are not the same any more. */
  isFailed = false;
  checkpointing: Promise<void> | null = null;
  /** The newest operation that a checkpoint includes. */
  checkpointSerial = 0;
  checkpointBytes = 0;
  eras: Era[] = [];
  private hasEra = false;
  private writer: StoreWriter | null = null;
  private listener: DurabilityListener | null = null;
  private readonly staged: Staged[] = [];
  private readonly waiters = new TicketWaiters();
  private isInUnit = false;
  private isVisiting = false;
  private unitRefusal = 0;
  private unitLast = 0;
  private unitFirst = 0;
  private unitSerial = 0;
  private unitSeconds = 0;
  private unitNanos = 0;
  private removedBytes = 0;
  private appended = 0;
  private removed = 0;
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
    return this.writer?.store.durable ?? 0;
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
    const ticket = writer.append(seq, seconds, nanos, flags, message);
    if (ticket < 0) return this.refuse(ticket);
    const { bytes } = writer.journal;
    const size = RECORD_HEADER_BYTES + 28 + length;
    if (this.blocks.count === 0) this.first = seq;
    this.blocks.append(seq, bytes, writer.placedAt - RECORD_HEADER_BYTES, size);
    this.last = seq;
    this.lastSeconds = seconds;
    this.lastNanos = nanos;
    this.appended++;
    if (this.blocks.shouldBeWritten(this.world.options.dirtyBytesPerStore)) this.world.keeper.wantsCheckpoint(this);
    this.world.keeper.dirtied(size);
    return this.isInUnit ? 0 : ticket;
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
    if (this.isInUnit) throw new Error('a cut is not part of a unit');
    if (writer === null) return this.refuse(Refused.failed);
    const ticket = writer.numbers(Op.cut, seq, 0);
    if (ticket < 0) return this.refuse(ticket);
    this.applyCut(seq);
    return ticket;
  }

  writeCell(change: CellChange): number {
    const writer = this.writable();
    if (writer === null) return this.refuse(Refused.failed);
    if (this.isInUnit) {
      this.staged.push({ cell: change, removal: null });
      return 0;
    }
    const ticket = writer.cell(change);
    if (ticket < 0) return this.refuse(ticket);
    this.cells.apply(change);
    return ticket;
  }

  begin(): void {
    if (this.isInUnit) throw new Error('units do not nest');
    this.writable();
    this.isInUnit = true;
    this.unitRefusal = 0;
    this.unitLast = this.last;
    this.unitFirst = this.first;
    this.unitSerial = this.serial;
    this.unitSeconds = this.lastSeconds;
    this.unitNanos = this.lastNanos;
    this.world.journal.beginGroup(this.journalStore);
  }

  commit(): number {
    if (!this.isInUnit) throw new Error('commit without begin');
    // A unit of nothing has a ticket too.
    if (this.serial === this.unitSerial && this.staged.length === 0) this.advance(this.last);
    for (const { removal, cell } of this.staged) {
      if (this.unitRefusal !== 0) break;
      const written = removal !== null ? this.writeRemoval(removal) : this.writer!.cell(cell);
      if (written < 0) this.refuse(written);
    }
    if (this.unitRefusal !== 0) {
      const reason = this.unitRefusal;
      this.abort();
      return reason;
    }
    this.isInUnit = false;
    for (const { removal, cell } of this.staged) {
      if (removal !== null) this.applyRemoval(removal);
      else this.cells.apply(cell);
    }
    this.staged.length = 0;
    return this.world.journal.endGroup(this.journalStore);
  }

  abort(): void {
    if (!this.isInUnit) throw new Error('abort without begin');
    this.isInUnit = false;
    this.staged.length = 0;
    this.world.journal.abortGroup(this.journalStore);
    this.serial = this.unitSerial;
    this.blocks.takeBack(this.unitLast);
    this.last = this.unitLast;
    this.first = this.unitFirst;
    this.lastSeconds = this.unitSeconds;
    this.lastNanos = this.unitNanos;
  }

  onDurable(listener: DurabilityListener | null): void {
    this.listener = listener;
  }

  // --- What the journal says ---

  durable(ticket: number): void {
    // The journal is going to use its memory again.
    this.blocks.settle();
    this.waiters.wake(ticket);
    this.listener?.durable(ticket);
  }

  failed(error: Error): void {
    this.blocks.settle();
    this.isFailed = true;
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
    this.bringIn(this.blocks.coldFrames(from, to, this.loadBytes)).then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  /** What one load brings in: no more than the cache keeps until it is read. */
  get loadBytes(): number {
    const { loadBytes, cacheBytes } = this.world.options;
    return Math.min(loadBytes, cacheBytes / 4);
  }

  /** Reads frames that are not in memory. */
  async bringIn(cold: ReturnType<BlockList['coldFrames']>): Promise<void> {
    const { world, directory } = this;
    const damaged = (block: Block, from: number, to: number) => this.blocks.noteDamage(block, from, to);
    for (const { block, frames } of cold) {
      await loadFrames(world, world.files, directory, block, frames, { damaged });
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
    });
  }

  mark(): Mark {
    return { position: this.serial, check: this.eras.at(-1)?.check ?? 0 };
  }

  passed({ position, check }: Mark): boolean {
    if (position > this.serial) return false;
    return (this.eras.findLast((era) => era.from <= position)?.check ?? 0) === check;
  }

  // --- Care ---

  async verify(from: number, to: number): Promise<readonly SequenceRange[]> {
    const { blocks } = this;
    const [low, high] = [Math.max(from, this.first), Math.min(to, this.last)];
    for (let next = low; next <= high; ) {
      const cold = blocks.coldFrames(next, high, this.loadBytes);
      if (cold.length === 0) break;
      await this.bringIn(cold);
      const { block, frames } = cold.at(-1)!;
      next = Math.max(next + 1, block.seqAt(block.slotAtStart(frames.at(-1)!.end) - 1) + 1);
    }
    return rangesOf(blocks.lost).filter((range) => range.to >= from && range.from <= to);
  }

  async repair(): Promise<boolean> {
    return false;
  }

  stats(): StoreStats {
    const { appended, removed, refused, snapshots } = this;
    return { ...statsOf(this), appended, removed, refused, snapshots };
  }

  publish(): Promise<void> {
    return this.world.keeper.publish(this);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.listener = null;
    if (!this.isFailed) await this.untilDurable();
    this.world.keeper.closed(this);
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

  applyRemoval({ type, from, to }: Removal): void {
    const bytes = this.contentBytes;
    this.removeFrom(type, from, to);
    this.removedBytes += bytes - this.contentBytes;
    if (this.removedBytes < this.world.options.dirtyBytesPerStore || this.writer === null) return;
    // Enough has gone to be worth giving back.
    this.removedBytes = 0;
    this.world.keeper.wantsCheckpoint(this);
  }

  private removeFrom(type: number, from: number, to: number): void {
    if (type === Op.advance) {
      this.last = Math.max(this.last, from);
      if (this.count === 0) this.first = this.last + 1;
      return;
    }
    const before = this.count;
    if (type === Op.drop) {
      this.blocks.remove(0, from - 1);
      this.last = Math.max(this.last, from - 1);
    } else this.blocks.remove(from, to);
    this.settle(before);
  }

  applyCut(seq: number): void {
    const before = this.count;
    if (seq < this.last) {
      if (this.blocks.read(seq, this.record) === Read.found) {
        this.lastSeconds = this.record.seconds;
        this.lastNanos = this.record.nanos;
      }
      this.blocks.cutAfter(seq);
      this.last = seq;
    }
    this.settle(before);
  }

  /** After removals: who is first now. */
  private settle(before: number): void {
    this.removed += before - this.count;
    this.first = this.count === 0 ? this.last + 1 : this.blocks.firstFrom(this.first);
  }

  private removeOrStage(removal: Removal): number {
    const writer = this.writable();
    if (writer === null) return this.refuse(Refused.failed);
    if (this.isInUnit) {
      this.staged.push({ removal, cell: null });
      return 0;
    }
    const ticket = this.writeRemoval(removal);
    if (ticket < 0) return this.refuse(ticket);
    this.applyRemoval(removal);
    return ticket;
  }

  private writeRemoval({ type, from, to }: Removal): number {
    return this.writer!.numbers(type, from, to);
  }

  /** Null when nothing can be written until the store is opened again. */
  private writable(): StoreWriter | null {
    if (this.isClosed) throw new Error(`the store '${this.id}' is closed`);
    if (this.isVisiting) throw new Error(`the store '${this.id}' is written to by a visitor of its records`);
    if (this.isFailed) return null;
    if (!this.hasEra && !this.isInUnit) this.beginEra();
    return this.writer;
  }

  private beginEra(): void {
    const check = this.world.ports.random.below(2 ** 32);
    if (this.writer!.numbers(Op.era, check, 0) < 0) return;
    this.hasEra = true;
    this.eras.push({ from: this.serial, check });
  }

  /** Nothing came after the lost part of the journal that would show whether something is missing. */
  settleDoubt(): void {
    this.isAmnesiac ||= this.isDoubtful;
    this.isDoubtful = false;
  }

  /** Another life begins: what is written from now on is told from what was written before. */
  reopen(): void {
    this.isClosed = false;
    this.hasEra = false;
  }

  private refuse(reason: number): number {
    this.refused++;
    if (this.isInUnit && this.unitRefusal === 0) this.unitRefusal = reason;
    return reason;
  }
}
