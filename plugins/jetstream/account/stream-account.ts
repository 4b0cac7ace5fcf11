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

  constructor(of: Surroundings, account: Account, grants: Grants) {
    this.of = of;
    this.account = account;
    this.grants = grants;
    this.usage = new Usage(of.used);
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
    const others = [...this.streams.values()].filter(({ name }) => name !== except);
    const reservedIn = (storage: string): number =>
      others.reduce(
        (sum, { config }) => sum + (config.storage === storage ? Math.max(0, Number(config.maxBytes)) : 0),
        0,
      );
    return {
      streams: others.length,
      memory: reservedIn('memory'),
      storage: reservedIn('file'),
      serverMemory: reservedIn('memory'),
      serverStorage: reservedIn('file'),
      serverMaxMemory: this.of.maxMemory,
      serverMaxStorage: this.of.maxStorage,
    };
  }

  get consumerCount(): number {
    let count = 0;
    for (const { consumers } of this.streams.values()) count += consumers.size;
    return count;
  }

  /** The configuration has been checked, and nobody has the name. */
  async create(config: StreamConfig): Promise<Stream> {
    const { clock } = this.of;
    const driver = this.of.driver(config.storage)!;
    const { records } = await IndexedStore.open(driver, this.storeIdOf(config.name), {
      sizeOf: sizeFormulaOf(config.storage),
      clock,
      ...(config.firstSeq > 0n ? { firstSequence: Number(config.firstSeq) } : {}),
    });
    const stream = this.adopt(config, new MessageLog(records, config.storage, this.usage), momentNow(clock));
    stream.keep();
    await stream.settledDown();
    stream.open();
    return stream;
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
    stream.consumers.removeAll();
    stream.close();
    stream.log.release();
    await stream.log.records.store.destroy();
  }

  async close(): Promise<void> {
    for (const stream of this.streams.values()) stream.pause();
    for (const stream of this.streams.values()) {
      stream.log.release();
      await stream.log.records.close();
    }
    this.streams.clear();
  }
}

const ID_BYTES_MAX = 255;

/** Long names are known by their hash; the store itself says which stream it holds. */
function storeIdOf(account: string, stream: string): string {
  const id = `${account}/${stream}`;
  if (Buffer.byteLength(id) <= ID_BYTES_MAX) return id;
  return `${account}/${createHash('sha256').update(stream).digest('hex')}`;
}
