/** Records in a SQLite database: a driver as somebody else would write it. */
import type { DriverPorts, DriverSupport, OpenedStore, OpenOptions, StorageDriver } from 'gnatlet/contracts';
import { type Database, openDatabase, type Row } from './sqlite-module.ts';
import { RECORD_BYTES_MAX, SqliteStore, type StoreKeeper } from './sqlite-store.ts';
import { prepareTables, type Tables } from './tables.ts';
import { TurnTransaction } from './turn-transaction.ts';

const SUPPORTS: DriverSupport = {
  durable: 'process',
  groupCommit: true,
  detectsCorruption: 'none',
  repair: false,
  log: false,
  erase: false,
  encryption: false,
  compression: false,
  exportResume: true,
  maxRecord: RECORD_BYTES_MAX,
  sharedJournal: true,
};

export class SqliteDriver implements StorageDriver, StoreKeeper {
  readonly name = 'sqlite';
  readonly supports = SUPPORTS;
  readonly tables: Tables;
  readonly transaction: TurnTransaction;
  private readonly database: Database;
  private readonly random: DriverPorts['random'];
  private readonly stores = new Set<SqliteStore>();

  private isClosed = false;

  private constructor(ports: Pick<DriverPorts, 'clock' | 'random'>, database: Database) {
    this.database = database;
    this.random = ports.random;
    this.tables = prepareTables(database);
    this.transaction = new TurnTransaction(database, ports.clock);
    for (const row of this.rows()) if (row.staged === 1) this.dropRows(Number(row.number));
  }

  static async open(ports: Pick<DriverPorts, 'clock' | 'random'>, file: string): Promise<SqliteDriver> {
    return new SqliteDriver(ports, await openDatabase(file));
  }

  async open(id: string, options: OpenOptions = {}): Promise<OpenedStore> {
    const length = Buffer.byteLength(id);
    if (length === 0 || length > 255) throw new RangeError(`a store's id has 1 to 255 bytes, not ${length}`);
    const isStaged = options.isStaged === true;
    const known = isStaged ? null : this.find(id);
    if (known !== null && this.isOpen(Number(known.number))) throw new Error(`the store '${id}' is open already`);
    this.transaction.end();
    const incarnation = known === null ? 1 : Number(known.incarnation) + 1;
    const number = known === null ? this.add(id, isStaged, options.firstSequence ?? 1) : Number(known.number);
    if (known !== null) this.tables.raiseIncarnation.run([incarnation, number]);
    const store = new SqliteStore(this.rows().find((row) => Number(row.number) === number)!, this);
    this.stores.add(store);
    return {
      store,
      report: { existed: known !== null, incarnation, isAmnesiac: false, holes: [], phasesMs: {} },
    };
  }

  async list(): Promise<string[]> {
    return this.rows()
      .filter((row) => row.staged === 0)
      .map((row) => String(row.id));
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const store of [...this.stores]) await store.close();
    this.transaction.close();
    for (const statement of Object.values(this.tables)) statement.finalize();
    this.database.close();
  }

  forget(store: SqliteStore): void {
    this.stores.delete(store);
  }

  publish(store: SqliteStore): void {
    const row = this.rows().find(({ number }) => Number(number) === store.number);
    if (row?.staged !== 1) throw new Error(`the store '${store.id}' is not staged`);
    const before = this.find(store.id);
    if (before !== null && this.isOpen(Number(before.number))) {
      throw new Error(`the store '${store.id}' is open; close it before another takes its place`);
    }
    if (before !== null) this.dropRows(Number(before.number));
    this.tables.publish.run([store.number]);
  }

  destroy(store: SqliteStore): void {
    this.dropRows(store.number);
  }

  private add(id: string, isStaged: boolean, firstSequence: number): number {
    const number = 1 + Math.max(0, ...this.rows().map((row) => Number(row.number)));
    this.tables.addStore.run([number, id, this.random.below(2 ** 32), isStaged ? 1 : 0, firstSequence - 1]);
    return number;
  }

  private find(id: string): Row | null {
    return this.rows().find((row) => row.id === id && row.staged === 0) ?? null;
  }

  private isOpen(number: number): boolean {
    return [...this.stores].some((store) => store.number === number);
  }

  private rows(): Row[] {
    return this.tables.stores.all();
  }

  private dropRows(number: number): void {
    for (const each of ['dropRecords', 'dropCells', 'dropStore'] as const) this.tables[each].run([number]);
  }
}
