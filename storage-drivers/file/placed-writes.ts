/**
 * Large messages are written once: to their block, and the journal only says that they are there. It says so after they were written; a sync
 * of the journal comes after one of what it speaks of.
 */
import type { Clock, FileDone, OpenFile } from '../../kernel/plugin-api.ts';
import type { Block } from './blocks/block.ts';
import { blockPath } from './blocks/block-file.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { BlockTail } from './blocks/block-tail.ts';
import { syncBlock } from './blocks/block-writer.ts';
import type { PlacedFigures } from './driver-report.ts';
import { codeOf, writeAt } from './file-calls.ts';
import type { FileStore } from './file-store.ts';

/** So much is written before anything else happens, as long as that takes less than a millisecond. */
const AT_ONCE_BYTES_MAX = 64 * 1024;
const SLOW_MS = 1;
const SLOW_PART = 10;
/** What may wait before those who bring more are asked to wait a little. */
const BEHIND_BYTES = 8 * 1024 * 1024;
const FILES_MAX = 16;
/** After a write that failed, large messages go the way of all others for so long. */
const AVOIDED_MS = 5000;

interface Limits {
  /** What may wait to be written, and what may be written and in no checkpoint. */
  readonly queueBytesMax: number;
  readonly placedBytesMax: number;
}

interface Waiting {
  readonly store: FileStore;
  readonly block: Block;
  readonly frames: BlockFrame[];
}

export class PlacedWrites {
  /** What was written so far, and what waits. */
  bytes = 0;
  records = 0;
  waitingBytes = 0;
  unsavedBytes = 0;
  /** What was not taken because too much waits, or is in no checkpoint. */
  refusals = 0;
  failures = 0;
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly waiting = new Map<Block, Waiting>();
  private readonly unsynced = new Map<Block, FileStore>();
  private readonly unsaved = new Map<FileStore, number>();
  private readonly files = new Map<Block, OpenFile>();
  private slowUntilMs = 0;
  private avoidedUntilMs = 0;

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
  }

  /** Whether messages may go this way at present. */
  get isOpen(): boolean {
    return this.avoidedUntilMs === 0 || this.clock.monotonic() >= this.avoidedUntilMs;
  }

  isFull(bytes: number): boolean {
    const { queueBytesMax, placedBytesMax } = this.limits;
    return this.waitingBytes + bytes > queueBytesMax || this.unsavedBytes + bytes > placedBytesMax;
  }

  get figures(): PlacedFigures {
    const { records, bytes, unsavedBytes, refusals } = this;
    return { records, bytes, unsavedBytes, refusals };
  }

  get isBehind(): boolean {
    return this.waitingBytes > BEHIND_BYTES || 2 * this.unsavedBytes > this.limits.placedBytesMax;
  }

  /** A record stands in a frame that is in memory only. */
  add(store: FileStore, block: Block, frame: BlockFrame, bytes: number): void {
    this.records++;
    this.waitingBytes += bytes;
    this.unsavedBytes += bytes;
    this.unsaved.set(store, this.unsavedOf(store) + bytes);
    const waiting = this.waiting.get(block);
    if (waiting === undefined) this.waiting.set(block, { store, block, frames: [frame] });
    else if (waiting.frames.at(-1) !== frame) waiting.frames.push(frame);
  }

  /** What no checkpoint of the store knows of yet. */
  unsavedOf(store: FileStore): number {
    return this.unsaved.get(store) ?? 0;
  }

  /** A checkpoint includes so much. */
  saved(store: FileStore, bytes: number): void {
    const known = Math.min(bytes, this.unsavedOf(store));
    this.unsavedBytes -= known;
    if (known === this.unsavedOf(store)) this.unsaved.delete(store);
    else this.unsaved.set(store, this.unsavedOf(store) - known);
  }

  /** Nothing of the store counts any more. */
  async forget(store: FileStore): Promise<void> {
    this.saved(store, Number.POSITIVE_INFINITY);
    for (const [block, owner] of this.unsynced) if (owner === store) this.unsynced.delete(block);
    for (const block of [...store.blocks.blocks, ...store.blocks.dropped]) await this.close(block);
  }

  // --- For the journal ---

  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** All that waits. It may call back before it returns. */
  write(done: FileDone): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    // What comes from now on is written the next time.
    for (const { frames } of waiting) for (const frame of frames) frame.isSealed = true;
    if (this.isLittle(waiting)) {
      this.writeAtOnce(waiting[0]!, done);
      return;
    }
    this.writeAll(waiting).then(
      () => done(null),
      (error: Error) => done(this.failed(error)),
    );
  }

  /** What was written is safe afterwards. */
  sync(done: FileDone): void {
    if (this.unsynced.size === 0) done(null);
    else {
      this.syncAll().then(
        () => done(null),
        (error: Error) => done(this.failed(error)),
      );
    }
  }

  /** What waits is never written, and nothing that counts in the journal speaks of what was and is not synced. */
  drop(): void {
    this.waiting.clear();
    this.unsynced.clear();
    this.waitingBytes = 0;
  }

  /** The file is going to be removed. */
  async close(block: Block): Promise<void> {
    const file = this.files.get(block);
    this.files.delete(block);
    this.unsynced.delete(block);
    await file?.close();
  }

  async closeAll(): Promise<void> {
    for (const block of [...this.files.keys()]) await this.close(block);
  }

  private isLittle(waiting: readonly Waiting[]): boolean {
    const [first] = waiting;
    const isOne = waiting.length === 1 && this.waitingBytes <= AT_ONCE_BYTES_MAX;
    const isReady = isOne && first!.block.making === null && this.files.has(first!.block);
    return isReady && this.clock.monotonic() >= this.slowUntilMs;
  }

  private writeAtOnce(waiting: Waiting, done: FileDone): void {
    const { clock } = this;
    const file = this.files.get(waiting.block)!;
    const tail = this.seal(waiting);
    const began = clock.monotonic();
    try {
      for (const { pieces, from } of tail.runs) file.writeNow(pieces, from);
    } catch (error) {
      done(this.failed(error as Error));
      return;
    }
    const ended = clock.monotonic();
    if (ended - began > SLOW_MS) this.slowUntilMs = ended + SLOW_PART * (ended - began);
    this.written(waiting);
    done(null);
  }

  private async writeAll(waiting: readonly Waiting[]): Promise<void> {
    for (const each of waiting) await this.writeOne(each);
  }

  private async writeOne(waiting: Waiting): Promise<void> {
    const { store, block } = waiting;
    while (block.making !== null) await block.making;
    const tail = this.seal(waiting);
    if (tail.isNew) await this.make(store, block, tail);
    else {
      const file = await this.fileOf(store, block);
      for (const { pieces, from } of tail.runs) await writeAt(file, pieces, from);
    }
    this.written(waiting);
  }

  /** The frames get their places. */
  private seal({ store, block, frames }: Waiting): BlockTail {
    const tail = new BlockTail(store, block);
    for (const frame of frames) {
      const { position, storedBytes } = tail.addRecords(frame);
      frame.storedBytes = storedBytes;
      frame.promised = position;
      this.bytes += storedBytes;
    }
    return tail;
  }

  private async make(store: FileStore, block: Block, tail: BlockTail): Promise<void> {
    const { disk } = store.world;
    const path = blockPath(store.directory, block.number);
    block.hasSafeName = false;
    const making = (async () => {
      await disk.remove(`${path}.tmp`);
      const file = await disk.open(`${path}.tmp`, 'create');
      try {
        for (const { pieces, from } of tail.runs) await writeAt(file, pieces, from);
      } finally {
        await file.close();
      }
      await disk.rename(`${path}.tmp`, path);
    })();
    block.making = making.catch(() => {});
    try {
      await making;
    } finally {
      block.making = null;
    }
  }

  private async fileOf(store: FileStore, block: Block): Promise<OpenFile> {
    const known = this.files.get(block);
    if (known !== undefined) return known;
    if (this.files.size >= FILES_MAX) {
      const [oldest, file] = this.files.entries().next().value!;
      this.files.delete(oldest);
      await file.close();
    }
    const file = await store.world.disk.open(blockPath(store.directory, block.number), 'update');
    this.files.set(block, file);
    return file;
  }

  private written({ store, block, frames }: Waiting): void {
    block.writes++;
    this.unsynced.set(block, store);
    for (const frame of frames) {
      frame.position = frame.promised;
      this.waitingBytes -= frame.length;
      store.world.cache.add(frame);
    }
    // All that was in it went before it was written.
    if (block.isDropped && !store.blocks.dropped.includes(block)) store.blocks.dropped.push(block);
  }

  private async syncAll(): Promise<void> {
    for (const [block, store] of [...this.unsynced]) {
      this.unsynced.delete(block);
      try {
        await syncBlock(store, block);
      } catch (error) {
        // A checkpoint has just said that it is not needed.
        if (block.isDropped && codeOf(error) === 'ENOENT') continue;
        this.unsynced.set(block, store);
        throw error;
      }
    }
  }

  private failed(error: Error): Error {
    this.failures++;
    this.avoidedUntilMs = this.clock.monotonic() + AVOIDED_MS;
    return error;
  }
}
