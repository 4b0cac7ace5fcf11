/**
 * The journal: every durable write of a node goes through it, whoever it is for. While one write and its sync are under way, all that
 * arrives is gathered; then it is written and synced together.
 *
 * Records are copied straight into the frame they are written from: `begin` says where to, `end` gives the ticket. Nothing is made per
 * record; each store hears once per sync how far it got.
 */

import type { StoreKeys } from '../frame-cipher.ts';
import type { ChainEnd } from './active-segment.ts';
import { checkSegment, type DamagedSegment } from './check-segment.ts';
import { CommitLoop } from './commit-loop.ts';
import { type FoundSegment, openSegment, type ReadOptions } from './find-segments.ts';
import type { FrameBuilder } from './frame-builder.ts';
import { FRAME_BYTES_MAX } from './frame-format.ts';
import type { FramePatches } from './frame-patches.ts';
import { type Erasure, JournalEraser } from './journal-eraser.ts';
import type { JournalOptions, JournalWorld } from './journal-options.ts';
import { type JournalListener, JournalStore, Lane } from './journal-store.ts';
import { Lanes } from './lanes.ts';
import { RECORD_HEADER_BYTES } from './record-format.ts';
import { JournalRecovery, type JournalVisitor } from './recovery.ts';
import type { Segments } from './segments.ts';
import { Succession } from './succession.ts';
import type { TailMarks } from './tail-mark.ts';

/** Records of these types free space, and are taken when the disk is full. */
export const FREES_SPACE = 0x80;

/** Why a record was not taken: too much is waiting, the disk is full, or the disk or this store's last record failed. */
export type JournalRefusal = 'busy' | 'full' | 'failed';

export interface JournalEvents {
  /** The disk has no room for more, or (null) has it again. */
  room(cause: Error | null): void;
  /** Writing failed, or (null) goes on. */
  trouble(cause: Error | null): void;
}

const MUTE: JournalEvents = { room: () => {}, trouble: () => {} };

export class Journal {
  /** Where the data of the record goes that was begun, and a view of it. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Why the last `begin` answered -1. */
  refusal: JournalRefusal = 'busy';
  refusals = 0;
  events: JournalEvents = MUTE;
  private readonly options: JournalOptions;
  private readonly world: JournalWorld;
  private readonly lanes: Lanes;
  private readonly succession: Succession;
  private readonly reading: ReadOptions;
  private readonly eraser: JournalEraser;
  private readonly loop: CommitLoop;
  private readonly stores = new Map<number, JournalStore>();
  private isFull = false;
  private isFailed = false;
  private group: FrameBuilder | null = null;
  private frame: FrameBuilder | null = null;
  private store: JournalStore | null = null;
  private type = 0;
  private length = 0;

  constructor(
    options: JournalOptions,
    world: JournalWorld,
    parts: { segments: Segments; marks: TailMarks; patches: FramePatches },
    end: ChainEnd,
  ) {
    this.world = world;
    this.options = options;
    this.lanes = new Lanes(options);
    const { segments, marks, patches } = parts;
    const { stores } = this;
    this.reading = { uuid: options.uuid, patches };
    this.succession = new Succession(options, world, { segments, patches, stores }, end, {
      room: (cause) => this.hasRoom(cause),
    });
    this.loop = new CommitLoop(
      options,
      world,
      { lanes: this.lanes, marks, succession: this.succession },
      {
        stopped: (cause) => this.stopped(cause),
        resumed: () => this.resumed(),
        gaveUp: (cause) => this.events.trouble(cause),
      },
    );
    const { succession, loop } = this;
    this.eraser = new JournalEraser(world.disk, options, patches, {
      get slots() {
        return succession.slots;
      },
      get active() {
        return succession.active;
      },
      get oldest() {
        return succession.statedOldest;
      },
      exclusively: (work) =>
        loop.exclusively(async () => {
          // Should a sync of the eraser's fail, nothing may be in the file that a later one would seem to prove (D-17).
          await loop.syncNow();
          await work();
        }),
    });
  }

  /** After all stores were made known that need something of what was there before. */
  start(): Promise<void> {
    return this.loop.start();
  }

  /** `pins`: the oldest segment that holds records which are not safe elsewhere, where there is one. */
  addStore(id: number, listener: JournalListener, { isUrgent = false, pin = Infinity } = {}): JournalStore {
    if (this.stores.has(id)) throw new Error(`the journal has a store ${id} already`);
    const store = new JournalStore(id, isUrgent, listener);
    if (pin !== Infinity) store.placed(pin, 0);
    this.stores.set(id, store);
    return store;
  }

  removeStore(store: JournalStore): void {
    this.stores.delete(store.id);
    this.succession.released();
  }

  /**
   * Makes room for a record: its data belongs in `bytes` from the answered place on, followed at once by `end`. -1: it is not taken, and
   * `refusal` says why.
   */
  begin(store: JournalStore, type: number, length: number): number {
    if (store.failure !== null || this.isFailed) return this.refuse('failed');
    if (this.isFull && (type & FREES_SPACE) === 0) return this.refuse('full');
    const size = RECORD_HEADER_BYTES + length;
    const isTooMuch = this.lanes.isFull(store, size) || (this.succession.isOverLimit && (type & FREES_SPACE) === 0);
    if (isTooMuch && store.lane !== Lane.urgent) return this.refuse('busy');
    const frame = this.group ?? this.lanes.frameFor(store, length);
    if (frame.length + size > FRAME_BYTES_MAX / 2) throw new RangeError(`a record of ${size} bytes fits in no frame`);
    const at = frame.open(length);
    this.frame = frame;
    this.store = store;
    this.type = type;
    this.length = length;
    this.bytes = frame.bytes;
    this.view = frame.view;
    return at;
  }

  /** Whether `bytes` is used for nothing else, now and later. */
  get isOwnMemory(): boolean {
    return this.frame!.isGiant;
  }

  get isBehind(): boolean {
    return this.lanes.isBehind;
  }

  /** The record is there; answers its ticket, which is that of the whole group where it is part of one. */
  end(): number {
    const store = this.store!;
    const ticket = store.appended + 1;
    this.frame!.close(store, this.type, this.length, ticket);
    this.lanes.added(store, RECORD_HEADER_BYTES + this.length);
    if (this.group !== null) return ticket;
    store.appended = ticket;
    this.loop.schedule();
    return ticket;
  }

  /** What the store appends until `endGroup`, in the same turn, is there after a crash as a whole or not at all. */
  beginGroup(store: JournalStore): void {
    this.group = this.lanes.frameFor(store, 0);
    this.group.setMark(store);
  }

  /** The ticket of the group; what it was before when the group is empty. */
  endGroup(store: JournalStore): number {
    if (this.group!.hasGrown) store.appended++;
    this.group = null;
    this.loop.schedule();
    return store.appended;
  }

  /** As if the group had never begun. */
  abortGroup(store: JournalStore): void {
    const { records, bytes } = this.group!.backToMark(store);
    this.lanes.takenBack(store, records, bytes);
    this.group = null;
  }

  /** The store's records up to the ticket are safe elsewhere. */
  release(store: JournalStore, ticket: number): void {
    store.release(ticket);
    this.succession.released();
  }

  adopt(segments: readonly FoundSegment[]): void {
    this.succession.adopt(segments);
  }

  /** Reads again what one store has in the journal that is durable and still needed. */
  async replay(store: JournalStore, visitor: JournalVisitor): Promise<void> {
    const { world, reading, succession } = this;
    const { frame, generation, checksum, offset } = succession.synced;
    const segments = succession.segmentsFrom(store.pin === Infinity ? succession.generation : store.pin);
    const mark = { count: 0, frame, generation, checksum, offset, isLast: true };
    const recovery = new JournalRecovery(visitor, mark);
    await recovery.run(segments, 0, (segment) => openSegment(world.disk, segment, reading));
  }

  /** Destroys records wherever they stand in files of the journal. They are durable, and so is that they are gone. */
  erase(erasure: Erasure): Promise<void> {
    return this.eraser.erase(erasure);
  }

  /** Reads the segments that are kept, and answers what is damaged in those that are still needed. */
  async check(pace: (bytes: number) => Promise<void>): Promise<readonly DamagedSegment[]> {
    const { world, reading, succession } = this;
    const damaged: DamagedSegment[] = [];
    for (const segment of succession.segmentsFrom(0)) {
      const next = succession.segmentsFrom(segment.generation + 1)[0];
      const limit = next === undefined ? succession.synced.frame + 1 : (next.firstFrame ?? next.lowestFrame);
      const found = await checkSegment(world.disk, segment, limit, reading, pace);
      // It may have been let go of and used again while it was read.
      const isNeeded = succession.segmentsFrom(segment.generation)[0] === segment;
      if (found !== null && isNeeded) damaged.push(found);
    }
    return damaged;
  }

  /** The newest segment that is kept and not encrypted as it would be now; 0 when there is none. */
  newestStale(keys: StoreKeys | null): number {
    let newest = 0;
    for (const { generation, cipher } of this.succession.segmentsFrom(0)) {
      if (cipher === 'lost') continue;
      if (keys === null ? cipher !== null : !keys.isCurrent(cipher)) newest = generation;
    }
    return newest;
  }

  /** Whether a store, or whoever opens the journal after a crash, needs a segment up to that one. */
  needs(generation: number): 'store' | 'reader' | null {
    for (const store of this.stores.values()) if (store.pin <= generation) return 'store';
    return this.succession.statedOldest <= generation ? 'reader' : null;
  }

  /** Goes on in another file, whose head says which older ones are not needed any more. */
  beginSegment(): Promise<void> {
    return this.loop.exclusively(() => this.loop.nextSegment(0));
  }

  /** Nothing that is durable can be lost in a power cut any more, whatever the sync interval is. */
  async syncNow(): Promise<void> {
    if (this.options.syncIntervalMs > 0) await this.loop.exclusively(() => this.loop.syncNow());
  }

  /** Whoever needs the segment, or an older one, is asked to write elsewhere what is in it. */
  pressFor(generation: number): void {
    for (const store of this.stores.values()) if (store.pin <= generation) store.listener.pressed();
  }

  /** Resolves when everything that was appended is durable or has failed. */
  idle(): Promise<void> {
    return this.loop.idle();
  }

  close(): Promise<void> {
    return this.loop.close();
  }

  get stats(): JournalStats {
    const { loop, lanes, succession } = this;
    return {
      commits: loop.commits,
      syncs: loop.syncs,
      bytes: loop.bytes,
      failures: loop.failures,
      tailMarks: loop.marksWritten,
      refusals: this.refusals,
      queuedBytes: lanes.queuedBytes,
      queuedRecords: lanes.queuedRecords,
      segments: succession.segmentCount,
      fileBytes: succession.fileBytes,
      oldestPin: this.oldestPin(),
      isFull: this.isFull,
      isFailed: this.isFailed,
    };
  }

  /** Who keeps the oldest segment. */
  private oldestPin(): { store: number; generation: number } | null {
    let oldest: JournalStore | null = null;
    for (const store of this.stores.values()) if (store.pin < (oldest?.pin ?? Infinity)) oldest = store;
    return oldest === null ? null : { store: oldest.id, generation: oldest.pin };
  }

  private refuse(reason: JournalRefusal): number {
    this.refusal = reason;
    this.refusals++;
    return -1;
  }

  private hasRoom(cause: Error | null): void {
    if (cause === null && !this.isFull) return;
    this.isFull = cause !== null;
    this.events.room(cause);
  }

  private stopped(cause: Error): void {
    this.isFailed = true;
    this.events.trouble(cause);
  }

  private resumed(): void {
    this.isFailed = false;
    this.events.trouble(null);
  }
}

export interface JournalStats {
  readonly commits: number;
  readonly syncs: number;
  readonly bytes: number;
  readonly failures: number;
  readonly tailMarks: number;
  readonly refusals: number;
  readonly queuedBytes: number;
  readonly queuedRecords: number;
  readonly segments: number;
  readonly fileBytes: number;
  readonly oldestPin: { readonly store: number; readonly generation: number } | null;
  readonly isFull: boolean;
  readonly isFailed: boolean;
}
