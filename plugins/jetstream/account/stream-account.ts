/** The streams of one account, and what they use. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Account } from '../../../kernel/plugin-api.ts';
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { Reservations } from '../../../protocols/jetstream/stream-create.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { MessageLog, sizeFormulaOf } from '../stream/message-log.ts';
import { momentNow } from '../stream/moment.ts';
import { Stream } from '../stream/stream.ts';
import type { Surroundings } from '../surroundings.ts';
import { Mending } from '../trouble/mending.ts';
import { effectiveLimits, type Grants } from './grants.ts';
import { Usage } from './usage.ts';

export interface ApiCounts {
  total: number;
  errors: number;
  inflight: number;
}

export class StreamAccount {
  readonly account: Account;
  readonly streams = new Map<string, Stream>();
  readonly api: ApiCounts = { total: 0, errors: 0, inflight: 0 };
  grants: Grants;
  readonly usage: Usage;
  readonly of: Surroundings;
  /** Stores whose streams could not be brought back: by stream, why. */
  readonly unrecovered = new Map<string, string>();
  private readonly mendings = new Map<Stream, Mending>();

  constructor(of: Surroundings, account: Account, grants: Grants) {
    this.of = of;
    this.account = account;
    this.grants = grants;
    this.usage = new Usage(of.books.usage);
    of.books.accounts.add(this);
  }

  /** What counts for its streams. */
  get limits(): TierLimits {
    return effectiveLimits(this.grants);
  }

  /** By name, which is how they are listed. */
  sorted(): Stream[] {
    return [...this.streams.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  configs(): StreamConfig[] {
    return Array.from(this.streams.values(), ({ config }) => config);
  }

  /** What others than the named one have taken. */
  reservations(except: string): Reservations {
    const { books } = this.of;
    const [memory, storage] = [this.reservedIn('memory', except), this.reservedIn('file', except)];
    return {
      streams: this.streams.size - (this.streams.has(except) ? 1 : 0),
      memory,
      storage,
      serverMemory: memory + books.reservedBeside(this, 'memory'),
      serverStorage: storage + books.reservedBeside(this, 'file'),
      serverMaxMemory: books.limits.maxMemory,
      serverMaxStorage: books.limits.maxStorage,
    };
  }

  reservedIn(storage: 'file' | 'memory', except = ''): number {
    let sum = 0;
    for (const { name, config } of this.streams.values()) {
      if (config.storage === storage && name !== except) sum += Math.max(0, Number(config.maxBytes));
    }
    return sum;
  }

  /** Those that read for mirrors and sources among them, which no stream tells of. */
  get consumerCount(): number {
    let count = 0;
    for (const { consumers } of this.streams.values()) count += consumers.byName.size;
    return count;
  }

  /** The configuration has been checked, and nobody has the name. */
  async create(config: StreamConfig): Promise<Stream> {
    const { clock } = this.of;
    const driver = this.of.driver(config.storage)!;
    const { records, report } = await IndexedStore.open(driver, this.storeIdOf(config.name), {
      sizeOf: sizeFormulaOf(config.storage),
      clock,
      isLazy: config.persistMode === 'async',
      compression: config.compression,
      ...(config.firstSeq > 0n ? { firstSequence: Number(config.firstSeq) } : {}),
    });
    if (report.existed && this.unrecovered.has(config.name)) {
      await records.store.close();
      throw new Error(
        `the files of a stream '${config.name}' are there and can not be read: repair them, or take them away`,
      );
    }
    const stream = this.adopt(config, new MessageLog(records, config.storage, this.usage), momentNow(clock));
    try {
      if (!stream.keep()) throw new Error('there is no room for it, or its store can not be written');
      await stream.settledDown();
    } catch (error) {
      await this.remove(stream).catch(() => {});
      throw error;
    }
    stream.open();
    return stream;
  }

  broken(stream: Stream, cause: Error): void {
    if (this.streams.get(stream.name) === stream) this.mendings.set(stream, new Mending(this, stream, cause));
  }

  /** Streams that wait to be opened again need not wait any longer. */
  mendNow(): void {
    for (const mending of this.mendings.values()) mending.now();
  }

  /** Another one has taken its place. */
  mended(stream: Stream): void {
    this.mendings.get(stream)?.stop();
    this.mendings.delete(stream);
  }

  storeIdOf(stream: string): string {
    return storeIdOf(this.account.name, stream);
  }

  /** Takes a stream into the books. */
  adopt(config: StreamConfig, log: MessageLog, created: bigint): Stream {
    const stream = new Stream(this.of, this, config, log, created);
    this.streams.set(config.name, stream);
    return stream;
  }

  async remove(stream: Stream): Promise<void> {
    this.streams.delete(stream.name);
    this.mended(stream);
    stream.consumers.removeAll();
    stream.close();
    stream.log.release();
    await stream.log.records.store.destroy();
  }

  async close(): Promise<void> {
    for (const stream of this.mendings.keys()) this.mended(stream);
    for (const stream of this.streams.values()) stream.pause();
    for (const stream of this.streams.values()) {
      stream.log.release();
      await stream.log.records.close();
    }
    this.streams.clear();
    this.of.books.accounts.delete(this);
  }
}

const ID_BYTES_MAX = 255;

/** Long names are known by their hash; the store itself says which stream it holds. */
export function storeIdOf(account: string, stream: string): string {
  const id = `${account}/${stream}`;
  if (Buffer.byteLength(id) <= ID_BYTES_MAX) return id;
  return `${account}/${createHash('sha256').update(stream).digest('hex')}`;
}
