/** Records in memory, gone with the process. */
import type { DriverPorts, DriverSupport, OpenedStore, OpenOptions, StorageDriver } from '../contract.ts';
import { type MemoryBudget, MemoryStore, RECORD_BYTES_MAX, type StoreKeeper } from './memory-store.ts';
import { UsedMemory } from './used-memory.ts';

export interface MemoryDriverOptions {
  /** What all stores together may take; beyond it appends are refused. Default: no limit but the machine's. */
  readonly bytesMax?: number;
}

const SUPPORTS: DriverSupport = {
  durable: 'none',
  groupCommit: false,
  detectsCorruption: 'none',
  repair: false,
  log: true,
  erase: true,
  encryption: false,
  compression: false,
  exportResume: true,
  maxRecord: RECORD_BYTES_MAX,
  sharedJournal: false,
};

export class MemoryDriver implements StorageDriver, StoreKeeper {
  readonly name = 'memory';
  readonly supports = SUPPORTS;
  readonly budget: MemoryBudget;
  readonly memory = new UsedMemory();
  private readonly ports: Pick<DriverPorts, 'random'>;
  private readonly stores = new Map<string, MemoryStore>();
  private readonly staged = new Map<string, MemoryStore>();

  constructor(ports: Pick<DriverPorts, 'random'>, options: MemoryDriverOptions = {}) {
    this.ports = ports;
    this.budget = { bytesMax: options.bytesMax ?? Number.POSITIVE_INFINITY, bytes: 0 };
  }

  async open(id: string, options: OpenOptions = {}): Promise<OpenedStore> {
    checkId(id);
    const place = options.isStaged === true ? this.staged : this.stores;
    if (place === this.stores && place.has(id)) throw new Error(`the store '${id}' is open already`);
    await place.get(id)?.destroy();
    const store = new MemoryStore(id, this, options.firstSequence ?? 1, this.ports.random.below(2 ** 32));
    place.set(id, store);
    return { store, report: { existed: false, incarnation: 1, isAmnesiac: false, holes: [], phasesMs: {} } };
  }

  async list(): Promise<string[]> {
    return [...this.stores.keys()];
  }

  async close(): Promise<void> {
    for (const store of [...this.stores.values(), ...this.staged.values()]) await store.close();
  }

  forget(store: MemoryStore): void {
    for (const place of [this.stores, this.staged]) if (place.get(store.id) === store) place.delete(store.id);
  }

  publish(store: MemoryStore): void {
    if (this.staged.get(store.id) !== store) throw new Error(`the store '${store.id}' is not staged`);
    if (this.stores.has(store.id))
      throw new Error(`the store '${store.id}' is open; close it before another takes its place`);
    this.staged.delete(store.id);
    this.stores.set(store.id, store);
  }
}

const ID_BYTES_MAX = 255;

function checkId(id: string): void {
  const length = Buffer.byteLength(id);
  if (length === 0 || length > ID_BYTES_MAX) throw new RangeError(`a store's id has 1 to 255 bytes, not ${length}`);
}
