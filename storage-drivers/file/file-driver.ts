/** Stores on disk: one journal for all of them, and a folder of blocks for each. */
import { dirname, join } from 'node:path';
import type {
  DriverPorts,
  DriverSupport,
  OpenedStore,
  OpenOptions,
  StorageDriver,
  StorageTrouble,
} from '../contract.ts';
import { rangesOf } from './blocks/block-list.ts';
import { FrameCache } from './blocks/frame-cache.ts';
import { FrameMemory, windowMemoryFor } from './blocks/frame-memory.ts';
import { CheckpointQueue } from './checkpoint-queue.ts';
import { DamageLog } from './damage-log.ts';
import { DirtyMemory } from './dirty-memory.ts';
import { FileCare } from './driver-care.ts';
import { FILE_DRIVER_DEFAULTS, type FileDriverOptions, journalSizes } from './driver-options.ts';
import type { DriverReport, DriverStats } from './driver-report.ts';
import { EraseQueue } from './erase-queue.ts';
import { FileStore } from './file-store.ts';
import { type Identity, openIdentity } from './identity.ts';
import type { Journal, JournalEvents } from './journal/journal.ts';
import type { JournalListener } from './journal/journal-store.ts';
import { openJournal } from './journal/open-journal.ts';
import { JournalReplay, replayStore } from './journal-replay.ts';
import { KeyRotation } from './key-rotation.ts';
import { loadStore } from './load-store.ts';
import { OpenFiles } from './open-files.ts';
import { PlacedWrites } from './placed-writes.ts';
import { Quarantine } from './quarantine.ts';
import { compressionOf } from './s2-compression.ts';
import { Scrubber } from './scrubber.ts';
import { removeStoreFiles, storeDirectory } from './store-files.ts';
import { RECORD_BYTES_MAX } from './store-mistakes.ts';
import type { StoreKeeper, StoreWorld } from './store-world.ts';
import { Strangers } from './strangers.ts';
import { TidyQueue } from './tidy-queue.ts';
import { Troubles } from './troubles.ts';
import { YoungStores } from './young-stores.ts';

const SUPPORTS: DriverSupport = {
  durable: 'power',
  groupCommit: true,
  detectsCorruption: 'chain',
  repair: true,
  log: true,
  erase: true,
  encryption: true,
  compression: true,
  exportResume: true,
  maxRecord: RECORD_BYTES_MAX,
  sharedJournal: true,
};

const STORE_NAME = /^\d+$/;
/** Incarnations of a store within one of the driver. */
const OPENS_MAX = 2 ** 20;
const STORES_AT_ONCE = 8;
const MUTE: JournalListener = { durable: () => {}, failed: () => {}, pressed: () => {} };

export async function openFileDriver(
  ports: DriverPorts,
  given: Partial<FileDriverOptions> & { directory: string },
): Promise<FileDriver> {
  const options = { ...FILE_DRIVER_DEFAULTS, ...given };
  const lock = await ports.disk.lock(options.directory);
  try {
    await ports.disk.syncDirectory(dirname(options.directory));
    const identity = await openIdentity(ports, options);
    const driver = new FileDriver(ports, options, identity, lock);
    await driver.recover();
    return driver;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

export class FileDriver implements StorageDriver, StoreKeeper {
  readonly name = 'file';
  readonly supports = SUPPORTS;
  readonly checkpoints: CheckpointQueue;
  readonly tidying: TidyQueue;
  readonly care: FileCare;
  readonly erasing: EraseQueue;
  report: DriverReport | null = null;
  /** Told when the disk has no room, when it fails, and (null) when that is over. */
  events: JournalEvents = { room: () => {}, trouble: () => {} };
  private readonly troubles = new Troubles();
  private readonly world: StoreWorld;
  private readonly options: FileDriverOptions;
  private readonly identity: Identity;
  private readonly lock: { release(): Promise<void> };
  readonly stores = new Map<number, FileStore>();
  private readonly scrubber: Scrubber;
  readonly quarantine: Quarantine;
  private readonly strangers: Strangers;
  private nextStore = 1;
  private opens = 0;
  private readonly dirty: DirtyMemory;
  private readonly young: YoungStores;
  private closing: Promise<void> | null = null;
  journal!: Journal;
  private rotation: KeyRotation | null = null;

  constructor(ports: DriverPorts, options: FileDriverOptions, identity: Identity, lock: { release(): Promise<void> }) {
    this.options = options;
    this.identity = identity;
    this.lock = lock;
    const driver = this;
    const damage = new DamageLog(ports.clock);
    this.checkpoints = new CheckpointQueue(ports.clock);
    this.tidying = new TidyQueue(ports.clock, this.checkpoints, options.tidyBytesPerSecond);
    this.erasing = new EraseQueue(ports.clock, this.checkpoints, () => driver.journal);
    this.dirty = new DirtyMemory(options.dirtyBytesMax, this.stores, (store) => this.wantsCheckpoint(store));
    this.young = new YoungStores(ports.clock, (store) => this.wantsCheckpoint(store));
    this.care = new FileCare(damage, driver);
    this.scrubber = new Scrubber(ports.clock, this.care, options);
    this.checkpoints.onTaken = (store) => {
      this.tidying.request(store);
      this.rotation?.look();
    };
    this.tidying.onTidied = () => this.rotation?.look();
    this.world = {
      ports,
      options,
      clock: ports.clock,
      disk: ports.disk,
      uuid: identity.uuid,
      keys: identity.keys,
      compression: options.compression,
      cache: new FrameCache(options.cacheBytes),
      frameMemory: new FrameMemory(options.blockFrameBytes, 2 * options.dirtyBytesPerStore),
      windowMemory: windowMemoryFor(options),
      files: new OpenFiles(ports.disk, options.openFilesMax),
      damage,
      placed: new PlacedWrites(ports.clock, options),
      placedBytesMin: options.syncIntervalMs === 0 ? Number.POSITIVE_INFINITY : options.placedBytesMin,
      directory: join(options.directory, 'stores'),
      keeper: this,
      get journal() {
        return driver.journal;
      },
    };
    const aside = join(options.directory, 'quarantine');
    this.quarantine = new Quarantine(aside, ports.disk, ports.clock, identity.incarnation);
    this.strangers = new Strangers(this.world, this.quarantine);
  }

  /** A store is taken out of service, and kept whole for whoever wants to look at it. Answers where. */
  async setAside(id: string, reason: string): Promise<string> {
    const store = this.find(id);
    if (store === null) throw new Error(`there is no store '${id}'`);
    await this.checkpoint(store);
    const path = await this.strangers.moveFolder(store.number, reason);
    await this.destroy(store);
    return path;
  }

  get trouble(): StorageTrouble | null {
    return this.troubles.worst;
  }

  watchTrouble(listener: ((trouble: StorageTrouble | null) => void) | null): void {
    this.troubles.listener = listener;
  }

  /** Brings everything back that there is. */
  async recover(): Promise<void> {
    const { world, identity, options } = this;
    const { clock, disk } = world.ports;
    const begun = clock.monotonic();
    await disk.makeDirectory(world.directory);
    await disk.syncDirectory(options.directory);
    await this.loadStores();
    const loaded = clock.monotonic();
    const replay = new JournalReplay(world, this.stores, this.strangers);
    const { journal, report } = await openJournal(
      {
        ...options,
        ...journalSizes(options),
        directory: join(options.directory, 'journal'),
        uuid: identity.uuid,
        incarnation: identity.incarnation,
        keys: identity.keys,
        compression: compressionOf(options.compression),
        tailMarkDelayMs: 3,
        forerunner: world.placed,
      },
      { disk, clock },
      replay.visitor,
    );
    this.journal = journal;
    journal.events = this.troubles.watching(() => this.events);
    await replay.settle();
    this.nextStore = Math.max(this.nextStore, replay.highest + 1);
    await this.strangers.settle(this.stores, report.holes);
    for (const store of this.stores.values()) this.attach(store, replay.pins.get(store.number));
    await journal.start();
    await this.sweep();
    // Before anybody reads what an interrupted erasure may have torn.
    for (const store of this.stores.values()) this.erasing.request(store);
    await this.erasing.idle();
    for (const store of this.stores.values()) if (store.checkpointSerial === 0) this.young.add(store);
    this.report = {
      journal: report,
      incarnation: identity.incarnation,
      unreadable: this.strangers.unreadable,
      setAside: this.quarantine.setAside,
      quarantined: (await this.quarantine.names()).length,
      orphanedOperations: this.strangers.operations,
      phasesMs: { load: loaded - begun, journal: report.milliseconds },
    };
    this.scrubber.start();
    this.quarantine.keepFor(options.quarantineKeepMs, () => this.care.damage.length === 0);
    this.rotation = new KeyRotation(identity.keys, this.stores, journal, identity.rotated);
    this.rotation.start();
  }

  get isBehind(): boolean {
    return this.journal.isBehind || this.world.placed.isBehind;
  }

  async open(id: string, options: OpenOptions = {}): Promise<OpenedStore> {
    checkId(id);
    if (options.isStaged === true) return this.openStaged(id, options);
    let store = this.find(id);
    const existed = store !== null;
    if (store === null) store = await this.create(id, options.firstSequence ?? 1, false);
    else if (!store.isClosed) throw new Error(`the store '${id}' is open already`);
    else if (store.isFailed) store = await this.bringBack(store);
    store.reopen(options);
    return { store, report: this.reportOf(store, existed) };
  }

  async list(): Promise<string[]> {
    return [...this.stores.values()].filter((store) => !store.isStaged).map((store) => store.id);
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    for (const store of this.stores.values()) await store.close();
    this.quarantine.close();
    const young = this.young.close();
    this.erasing.close();
    this.checkpoints.close();
    this.tidying.close();
    await this.scrubber.close();
    await this.rotation?.close();
    for (const store of this.stores.values()) {
      await this.checkpoints.settled(store);
      const { blocks } = store;
      const isMuch =
        blocks.dirtyBytes >= this.options.dirtyBytesAtClose ||
        this.world.placed.unsavedOf(store) > 0 ||
        young.includes(store);
      // What cannot be written now is in the journal still.
      if (isMuch && !store.isFailed) await this.checkpoints.takeLast(store).catch(() => {});
    }
    await this.journal.close();
    await this.world.placed.closeAll();
    await this.world.files.closeAll();
    await this.lock.release();
  }

  /** Plain numbers, for whoever watches. */
  stats(): DriverStats {
    const { taken, failures } = this.checkpoints;
    return {
      journal: this.journal.stats,
      checkpoints: taken,
      checkpointFailures: failures,
      placed: this.world.placed.figures,
      rewrittenBlocks: this.tidying.rewritten,
      rewrittenBytes: this.tidying.bytes,
      filesToRotate: this.rotation?.filesLeft ?? 0,
      cacheBytes: this.world.cache.bytes,
      openFiles: this.world.files.count,
      stores: this.stores.size,
    };
  }

  // --- For its stores ---

  wantsCheckpoint(store: FileStore): void {
    this.checkpoints.request(store);
  }

  checkpoint(store: FileStore): Promise<void> {
    return this.checkpoints.take(store);
  }

  exclusively(store: FileStore, work: () => Promise<void>): Promise<void> {
    return this.checkpoints.exclusively(store, work);
  }

  dirtied(bytes: number): void {
    this.dirty.add(bytes);
  }

  /** It stays as it is, and is handed out again. */
  async closed(store: FileStore): Promise<void> {
    if (store.erasures.isUrgent) await this.erasing.idle();
  }

  wantsErasure(store: FileStore): void {
    this.erasing.request(store);
  }

  async publish(store: FileStore): Promise<void> {
    if (!store.isStaged) throw new Error(`the store '${store.id}' is not staged`);
    const before = this.find(store.id);
    if (before !== null && !before.isClosed) {
      throw new Error(`the store '${store.id}' is open; close it before another takes its place`);
    }
    if (store.writePublish() < 0)
      throw new Error(`the store '${store.id}' cannot be published: nothing can be written`);
    store.isStaged = false;
    await store.untilDurable();
    if (before !== null) await this.destroy(before);
  }

  async destroy(store: FileStore): Promise<void> {
    if (this.stores.get(store.number) !== store) return;
    const going = store.isFailed ? await this.bringBack(store) : store;
    if (going.writeDestroy() < 0)
      throw new Error(`the store '${store.id}' cannot be removed: nothing can be written now`);
    going.isDestroyed = true;
    this.stores.delete(going.number);
    await going.untilDurable();
    // Nobody must look for what is removed now because the journal spoke of it.
    if (going.hasPlaced) await this.journal.syncNow();
    await this.checkpoints.settled(going);
    await this.removeFiles(going);
  }

  private async removeFiles(store: FileStore): Promise<void> {
    for (const block of [...store.blocks.blocks, ...store.blocks.dropped]) {
      for (const frame of block.frames) this.world.cache.remove(frame);
    }
    await this.world.placed.forget(store);
    await removeStoreFiles(this.world, store.directory);
    this.journal.release(store.journalStore, store.journalStore.appended);
    this.journal.removeStore(store.journalStore);
  }

  private find(id: string): FileStore | null {
    for (const store of this.stores.values()) if (store.id === id && !store.isStaged) return store;
    return null;
  }

  private async openStaged(id: string, options: OpenOptions): Promise<OpenedStore> {
    for (const store of [...this.stores.values()]) {
      if (store.id !== id || !store.isStaged) continue;
      store.isClosed = true;
      await this.destroy(store);
    }
    const store = await this.create(id, options.firstSequence ?? 1, true);
    store.reopen(options);
    return { store, report: this.reportOf(store, false) };
  }

  private async create(id: string, firstSequence: number, isStaged: boolean): Promise<FileStore> {
    const number = this.nextStore++;
    const store = new FileStore(id, number, storeDirectory(this.world, number), this.world, firstSequence);
    store.isStaged = isStaged;
    this.attach(store);
    this.stores.set(number, store);
    try {
      if (store.create(firstSequence) < 0)
        throw new Error(`the store '${id}' cannot be made: nothing can be written now`);
      await store.untilDurable();
    } catch (error) {
      this.stores.delete(number);
      this.journal.removeStore(store.journalStore);
      throw error;
    }
    this.young.add(store);
    return store;
  }

  private attach(store: FileStore, needed = Number.POSITIVE_INFINITY): void {
    // What a checkpoint includes is not needed from the journal any more.
    const isSafe = store.checkpointSerial > 0 && store.checkpointSerial >= store.serial;
    const pin = isSafe ? Number.POSITIVE_INFINITY : needed;
    store.attach(this.journal.addStore(store.number, MUTE, { pin }));
  }

  private reportOf(store: FileStore, existed: boolean) {
    return {
      existed,
      incarnation: this.identity.incarnation * OPENS_MAX + this.opens++,
      isAmnesiac: store.isAmnesiac,
      holes: rangesOf(store.blocks.lost),
      phasesMs: this.report?.phasesMs ?? {},
    };
  }

  /** What is in memory is more than what is on disk: it is read again, and written, since a journal at its limit may have asked in vain. */
  private async bringBack(failed: FileStore): Promise<FileStore> {
    const { number, journalStore } = failed;
    const fresh = await replayStore(this.world, failed);
    fresh.attach(journalStore);
    this.stores.set(number, fresh);
    this.erasing.request(fresh);
    this.checkpoints.request(fresh);
    return fresh;
  }

  // --- Coming back ---

  private async loadStores(): Promise<void> {
    const names = (await this.world.disk.list(this.world.directory)).filter((name) => STORE_NAME.test(name));
    const numbers = names.map(Number);
    const waiting = [...numbers];
    const worker = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        const loaded = await loadStore(this.world, number);
        if (loaded === null) await this.strangers.noteFolder(number);
        else {
          this.stores.set(number, loaded.store);
          this.strangers.noteBlocks(loaded.store, loaded.strays);
        }
      }
    };
    await Promise.all(Array.from({ length: STORES_AT_ONCE }, worker));
    // What was set aside keeps its number to itself.
    this.nextStore = Math.max(0, await this.quarantine.highest(), ...numbers) + 1;
  }

  /** Finishes what was interrupted: stores that were destroyed, replaced, or never finished. */
  private async sweep(): Promise<void> {
    const newest = new Map<string, number>();
    for (const store of this.stores.values()) {
      if (!store.isStaged && !store.isDestroyed)
        newest.set(store.id, Math.max(newest.get(store.id) ?? 0, store.number));
    }
    for (const store of [...this.stores.values()]) {
      const isCurrent = !store.isStaged && newest.get(store.id) === store.number;
      if (isCurrent && !store.isDestroyed) continue;
      if (store.isDestroyed) {
        this.stores.delete(store.number);
        await this.removeFiles(store);
      } else await this.destroy(store);
    }
  }
}

function checkId(id: string): void {
  const length = Buffer.byteLength(id);
  if (length === 0 || length > 255) throw new RangeError(`the id of a store has 1 to 255 bytes, not ${length}`);
}
