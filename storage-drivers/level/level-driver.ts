/** Records in a LevelDB database: for embedding, for development, and for what can be made again. */
import { join } from 'node:path';
import type { DriverPorts, DriverSupport, OpenedStore, OpenOptions, StorageDriver } from '../contract.ts';
import { BatchWriter, type Database, type Operation } from './batch-writer.ts';
import { ALL_STORES, hiddenKey, isHidden, rangesOf, storeIdOf, storeKey } from './keys.ts';
import { LevelStore, RECORD_BYTES_MAX, type StoreKeeper } from './level-store.ts';
import { entryContent, opened, readEntry, type StoreEntry, sealed } from './values.ts';

export interface LevelDriverOptions {
  /** A directory of its own. LevelDB reads and writes it by itself, around the disk port. */
  readonly directory: string;
  /** Waits for the disk with each batch. Default false: what is durable survives the process, not a power cut. */
  readonly sync?: boolean;
}

const SUPPORTS: DriverSupport = {
  durable: 'process',
  groupCommit: true,
  detectsCorruption: 'record',
  repair: false,
  log: false,
  erase: false,
  encryption: false,
  compression: false,
  exportResume: true,
  maxRecord: RECORD_BYTES_MAX,
  sharedJournal: true,
};

const ID_BYTES_MAX = 255;
const PROBE_BYTES = 256 * 1024;

export class LevelDriver implements StorageDriver, StoreKeeper {
  readonly name = 'level';
  readonly supports = SUPPORTS;
  readonly database: Database;
  readonly writer: BatchWriter;
  private readonly ports: Pick<DriverPorts, 'random'>;
  private readonly entries = new Map<string, StoreEntry>();
  private readonly stores = new Set<LevelStore>();
  private nextNumber = 1;
  /** Batches were lost: no store can be sure to have all it once had. */
  private isAmnesiac = false;
  private reviving: Promise<void> | null = null;

  private constructor(ports: Pick<DriverPorts, 'random'>, database: Database, sync: boolean) {
    this.ports = ports;
    this.database = database;
    this.writer = new BatchWriter(database, sync);
  }

  /** Opens the database, which one process can have at a time, and throws away what was left unfinished. */
  static async open(ports: Pick<DriverPorts, 'random'>, options: LevelDriverOptions): Promise<LevelDriver> {
    const { Level } = await import('level');
    const database: Database = new Level(options.directory, { keyEncoding: 'view', valueEncoding: 'view' });
    await database.open();
    const driver = new LevelDriver(ports, database, options.sync === true);
    await driver.recover();
    return driver;
  }

  async open(id: string, options: OpenOptions = {}): Promise<OpenedStore> {
    if (this.writer.failure !== null) await this.revive();
    const length = Buffer.byteLength(id);
    if (length === 0 || length > ID_BYTES_MAX) throw new RangeError(`a store's id has 1 to 255 bytes, not ${length}`);
    const isStaged = options.isStaged === true;
    if (!isStaged && this.isOpen(id)) throw new Error(`the store '${id}' is open already`);
    const known = isStaged ? undefined : this.entries.get(id);
    const entry = known === undefined ? this.newEntry() : { ...known, incarnation: known.incarnation + 1 };
    const store = new LevelStore(id, entry, this, options.firstSequence ?? 1);
    this.stores.add(store);
    try {
      await this.write(
        isStaged ? hiddenKey(entry.number) : storeKey(id),
        entry,
        known === undefined ? [store.state()] : [],
      );
      if (known !== undefined) await store.recover();
    } catch (error) {
      this.stores.delete(store);
      throw error;
    }
    if (!isStaged) this.entries.set(id, entry);
    const isAmnesiac = known !== undefined && (this.isAmnesiac || store.isAmnesiac);
    const holes = store.holeRanges;
    return {
      store,
      report: { existed: known !== undefined, incarnation: entry.incarnation, isAmnesiac, holes, phasesMs: {} },
    };
  }

  /**
   * After a write that failed, LevelDB goes on in its log as if it had been written, and forgets what follows at the next start. So the
   * database is opened anew before anything is written again; not before the disk can be written, since nothing can be read without it.
   */
  private revive(): Promise<void> {
    this.reviving ??= this.openAnew().finally(() => {
      this.reviving = null;
    });
    return this.reviving;
  }

  private async openAnew(): Promise<void> {
    if (this.database.status === 'open') await tryToWrite(this.database.location);
    await this.database.close();
    await this.database.open();
    this.isAmnesiac = !(await this.writer.open()) || this.isAmnesiac;
  }

  async list(): Promise<string[]> {
    return [...this.entries.keys()];
  }

  async close(): Promise<void> {
    for (const store of [...this.stores]) await store.close();
    await this.writer.flush();
    await this.database.close();
  }

  forget(store: LevelStore): void {
    this.stores.delete(store);
  }

  async publish(store: LevelStore): Promise<void> {
    const { id, entry } = store;
    const before = this.entries.get(id);
    if (before === entry) throw new Error(`the store '${id}' is not staged`);
    if (before !== undefined && this.isOpen(id)) {
      throw new Error(`the store '${id}' is open; close it before another takes its place`);
    }
    const key = storeKey(id);
    const replaced = before === undefined ? [] : [this.hidden(before)];
    await this.database.batch([
      { type: 'del', key: hiddenKey(entry.number) },
      { type: 'put', key, value: sealed(key, entryContent(entry)) },
      ...replaced,
    ]);
    this.entries.set(id, entry);
    if (before !== undefined) await this.sweep(before.number);
  }

  /** Hidden first, so that what is interrupted is finished at the next open. */
  async destroy(store: LevelStore): Promise<void> {
    const { id, entry } = store;
    const isKnown = this.entries.get(id) === entry;
    if (isKnown) {
      this.entries.delete(id);
      await this.database.batch([{ type: 'del', key: storeKey(id) }, this.hidden(entry)]);
    }
    await this.sweep(entry.number);
  }

  private isOpen(id: string): boolean {
    const entry = this.entries.get(id);
    return [...this.stores].some((store) => store.id === id && store.entry === entry);
  }

  private async recover(): Promise<void> {
    this.isAmnesiac = !(await this.writer.open());
    const hidden: number[] = [];
    for await (const [key, value] of this.database.iterator(ALL_STORES)) {
      const content = opened(key, value);
      if (content === null) throw new Error(`the entry of the store '${storeIdOf(key)}' is damaged`);
      const entry = readEntry(content);
      this.nextNumber = Math.max(this.nextNumber, entry.number + 1);
      if (isHidden(key)) hidden.push(entry.number);
      else this.entries.set(storeIdOf(key), entry);
    }
    for (const number of hidden) await this.sweep(number);
  }

  private newEntry(): StoreEntry {
    return { number: this.nextNumber++, incarnation: 1, identity: this.ports.random.below(2 ** 32) };
  }

  private hidden(entry: StoreEntry): { type: 'put'; key: Uint8Array; value: Uint8Array } {
    const key = hiddenKey(entry.number);
    return { type: 'put', key, value: sealed(key, entryContent(entry)) };
  }

  private write(key: Uint8Array, entry: StoreEntry, more: readonly Operation[]): Promise<void> {
    return this.database.batch([{ type: 'put', key, value: sealed(key, entryContent(entry)) }, ...more]);
  }

  /** All that a store left, and then that it was. */
  private async sweep(number: number): Promise<void> {
    for (const range of Object.values(rangesOf(number))) await this.database.clear(range);
    await this.database.del(hiddenKey(number));
  }
}

/** In a database of its own, since LevelDB goes around the disk port. */
async function tryToWrite(directory: string): Promise<void> {
  const { Level } = await import('level');
  const place = join(directory, 'probe');
  const probe: Database = new Level(place, { keyEncoding: 'view', valueEncoding: 'view' });
  try {
    await probe.open();
    await probe.put(Buffer.from('probe'), new Uint8Array(PROBE_BYTES), { sync: true });
  } finally {
    await probe.close();
    await (Level as unknown as Destroyer).destroy(place);
  }
}

/** What the package has on Node, and not in browsers. */
interface Destroyer {
  destroy(location: string): Promise<void>;
}
