/** Streams of messages that are kept, and consumers that read them: the JetStream API on one server. */
import {
  type Account,
  definePlugin,
  GLOBAL_ACCOUNT,
  NATS_VERSION,
  type PluginContext,
} from '../../kernel/plugin-api.ts';
import { UNLIMITED_TIER } from '../../protocols/jetstream/account-limits.ts';
import type { Advisory, AdvisoryHead } from '../../protocols/jetstream/advisories.ts';
import { STORAGE_DRIVER, type StorageDriver } from '../../storage-drivers/contract.ts';
import { recoverStreams } from './account/recovery.ts';
import { StreamAccount } from './account/stream-account.ts';
import { ApiService } from './api/api-service.ts';
import { type JetStreamConfig, jetstreamSchema } from './config.ts';
import { momentNow } from './stream/moment.ts';
import type { Surroundings } from './surroundings.ts';
import { uniqueId } from './wire/identifiers.ts';
import { Outbox } from './wire/outbox.ts';

/** The level of the API that is spoken. */
const API_LEVEL = 5;
const NANOS_PER_MS = 1e6;

type Context = PluginContext<JetStreamConfig>;

interface Streaming {
  readonly services: Map<string, ApiService>;
}

export const plugin = definePlugin<JetStreamConfig, Streaming>({
  name: 'jetstream',
  version: '0.1.0',
  api: [1],
  summary: 'Streams of messages that are kept, and consumers that read them',
  requires: [{ name: STORAGE_DRIVER, cardinality: 'named', optional: true }],
  config: {
    key: 'jetstream',
    also: [{ key: 'store_dir', aliases: ['storedir'] }, { key: 'default_js_domain' }],
    accountKeys: ['jetstream'],
    schema: jetstreamSchema,
  },

  register(ctx) {
    const { domain } = ctx.config.options;
    ctx.tap('connection.hello', (info) => ({ ...info, jetstream: true, ...(domain === '' ? {} : { domain }) }));
    return { services: new Map() };
  },

  async init(ctx, streaming) {
    const of = surroundingsOf(ctx);
    const { accounts } = ctx.kernel.broker;
    const given = ctx.config.accounts ?? new Map([[GLOBAL_ACCOUNT, UNLIMITED_TIER]]);
    for (const [name, limits] of given) {
      const account = accounts.ensure(name);
      const streams = new StreamAccount(of, account, limits);
      for (const storage of ['memory', 'file'] as const) {
        const driver = of.driver(storage);
        if (driver !== null) await recoverStreams(streams, storage, driver);
      }
      streaming.services.set(name, new ApiService(streams));
    }
    watchInterest(ctx, streaming);
  },

  drain(_ctx, { services }) {
    for (const { of } of services.values()) for (const { consumers } of of.streams.values()) consumers.sendAway();
  },

  async close(_ctx, { services }) {
    for (const service of services.values()) {
      service.close();
      await service.of.close();
    }
  },
});

/** Push consumers begin when somebody listens. */
function watchInterest(ctx: Context, { services }: Streaming): void {
  ctx.tap('interest.first', (account) => {
    const service = services.get(account.name);
    if (service === undefined) return;
    for (const { consumers } of service.of.streams.values()) {
      for (const consumer of consumers.byName.values()) if (consumer.push !== null) consumer.wake();
    }
  });
}

function surroundingsOf(ctx: Context): Surroundings {
  const { broker, ports, log } = ctx.kernel;
  const { options } = ctx.config;
  const outbox = new Outbox(broker);
  const drivers = new Map(ctx.useAll<StorageDriver>(STORAGE_DRIVER).map(({ id, value }) => [id ?? value.name, value]));
  return {
    broker,
    clock: ports.clock,
    random: ports.random,
    log,
    outbox,
    domain: options.domain,
    caps: {
      duplicateWindow: BigInt((options.limits?.duplicateWindowMs ?? 0) * NANOS_PER_MS),
      maxAckPending: options.limits?.maxAckPending ?? 0,
      maxRequestBatch: options.limits?.maxRequestBatch ?? 0,
    },
    isStrict: options.isStrict,
    requestsMax: options.requestsMax,
    maxMemory: Math.max(0, options.maxMemory),
    maxStorage: Math.max(0, options.maxStorage),
    server: { version: NATS_VERSION, level: API_LEVEL },
    driver: (storage) => drivers.get(storage) ?? null,
    after: (milliseconds, run) => ctx.after(milliseconds, run),
    advise(account: Account, make: (head: AdvisoryHead) => Advisory, subject: string): void {
      if (!account.sublist.hasInterest(subject)) return;
      const head = { id: uniqueId(ports.random), time: momentNow(ports.clock), domain: options.domain };
      outbox.send(account, subject, make(head).body);
    },
  };
}
