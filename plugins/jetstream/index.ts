/** Streams of messages that are kept, and consumers that read them: the JetStream API on one server. */
import {
  type Account,
  definePlugin,
  GLOBAL_ACCOUNT,
  NATS_VERSION,
  type PluginContext,
} from '../../kernel/plugin-api.ts';
import { type TierLimits, UNLIMITED_TIER } from '../../protocols/jetstream/account-limits.ts';
import type { Advisory, AdvisoryHead } from '../../protocols/jetstream/advisories.ts';
import { STORAGE_DRIVER, STORAGE_OPENER } from '../../storage-drivers/contract.ts';
import { recoverStreams } from './account/recovery.ts';
import { ServerBooks } from './account/server-books.ts';
import { StreamAccount } from './account/stream-account.ts';
import { ApiService } from './api/api-service.ts';
import { type JetStreamConfig, jetstreamSchema } from './config.ts';
import { PushTargets } from './consumer/push-targets.ts';
import { DefaultDomain, realmOf } from './domain.ts';
import { monitorSection } from './monitor-section.ts';
import { openStorage, type Storage } from './storage.ts';
import { InputTime } from './stream/input-time.ts';
import { momentNow } from './stream/moment.ts';
import type { Surroundings } from './surroundings.ts';
import { StorageWatch } from './trouble/storage-watch.ts';
import { API_LEVEL } from './wire/api-level.ts';
import { uniqueId } from './wire/identifiers.ts';
import { Outbox } from './wire/outbox.ts';

/** Streams of many gigabytes come back within that. */
const RECOVERY_MS = 600_000;
const NANOS_PER_MS = 1e6;
/** Whoever listens there, or to more. */
const ADVISORIES = '$JS.EVENT.';

type Context = PluginContext<JetStreamConfig>;

export interface Streaming {
  readonly services: Map<string, ApiService>;
  storage: Storage | null;
  watch: StorageWatch | null;
}

export const plugin = definePlugin<JetStreamConfig, Streaming>({
  name: 'jetstream',
  version: '0.1.0',
  api: [1],
  summary: 'Streams of messages that are kept, and consumers that read them',
  provides: [
    { name: 'monitor.section', cardinality: 'chain', optional: true },
    { name: 'stream.domain', cardinality: 'one', optional: true },
  ],
  requires: [
    { name: STORAGE_DRIVER, cardinality: 'named', optional: true },
    { name: STORAGE_OPENER, cardinality: 'named', optional: true },
  ],
  config: {
    key: 'jetstream',
    also: [{ key: 'store_dir', aliases: ['storedir'] }, { key: 'default_js_domain' }],
    accountKeys: ['jetstream'],
    schema: jetstreamSchema,
    live: ({ before, after }) =>
      before.storeDirectory === after.storeDirectory
        ? 'restart'
        : { refuse: 'config reload not supported for jetstream storage directory' },
  },
  deadlinesMs: { init: RECOVERY_MS, close: RECOVERY_MS },

  register(ctx) {
    const streaming: Streaming = { services: new Map(), storage: null, watch: null };
    const { isEnabled, options } = ctx.config;
    ctx.provide('stream.domain', realmOf(ctx.config, streaming.services));
    if (!isEnabled) return streaming;
    const { domain } = options;
    ctx.tap('connection.hello', (info) => ({ ...info, jetstream: true, ...(domain === '' ? {} : { domain }) }));
    ctx.provide('monitor.section', monitorSection(ctx, streaming));
    ctx.tap('stats.collect', ({ more }) => {
      for (const [key, value] of Object.entries(streaming.watch?.figures() ?? {})) more[`jetstream.${key}`] = value;
    });
    return streaming;
  },

  async init(ctx, streaming) {
    openDefaultDomains(ctx);
    if (!ctx.config.isEnabled) return;
    streaming.storage = await openStorage(ctx);
    const of = surroundingsOf(ctx, streaming.storage);
    await openAccounts(ctx, streaming, of);
    const accounts = (): StreamAccount[] => Array.from(streaming.services.values(), (service) => service.of);
    streaming.watch = new StorageWatch(of, streaming.storage.drivers.values(), accounts);
    streaming.watch.begin();
    watchInterest(ctx, of, streaming);
  },

  drain(_ctx, { services }) {
    for (const { of } of services.values()) for (const { consumers } of of.streams.values()) consumers.sendAway();
  },

  async close(_ctx, { services, storage, watch }) {
    watch?.end();
    for (const service of services.values()) {
      service.close();
      await service.of.close();
    }
    await storage?.close();
  },
});

async function openAccounts(ctx: Context, { services }: Streaming, of: Surroundings): Promise<void> {
  const { accounts } = ctx.kernel.broker;
  for (const [name, limits] of streamingAccounts(ctx)) {
    const streams = new StreamAccount(of, accounts.ensure(name), limits);
    // In the books before anything is recovered: what is half open is closed with it.
    services.set(name, new ApiService(streams));
    for (const storage of ['memory', 'file'] as const) {
      const driver = of.driver(storage);
      if (driver !== null) await recoverStreams(streams, storage, driver);
    }
  }
}

/** Accounts may come later, from an operator. */
function openDefaultDomains(ctx: Context): void {
  const { broker, log } = ctx.kernel;
  const { defaultDomains } = ctx.config;
  if (defaultDomains.size === 0) return;
  log.warn('The option `default_js_domain` is a temporary backwards compatibility measure and will be removed');
  const ways = new Map<string, DefaultDomain>();
  const open = (account: Account): void => {
    const domain = defaultDomains.get(account.name) ?? '';
    if (domain !== '') ways.set(account.name, new DefaultDomain(broker, account, domain));
  };
  for (const name of defaultDomains.keys()) {
    const account = broker.accounts.get(name);
    if (account !== undefined) open(account);
  }
  ctx.tap('account.created', async (account) => open(account));
  ctx.onDispose(() => {
    for (const way of ways.values()) way.close();
  });
}

function streamingAccounts(ctx: Context): ReadonlyMap<string, TierLimits> {
  const { accounts, accountNames } = ctx.config;
  const system = ctx.kernel.broker.accounts.system?.name;
  const isGlobalOnly = accountNames.every((name) => name === system);
  return isGlobalOnly ? new Map([[GLOBAL_ACCOUNT, UNLIMITED_TIER]]) : accounts;
}

/** Push consumers begin when somebody listens, and are not used any more when the last one leaves. */
function watchInterest(ctx: Context, { targets }: Surroundings, { watch }: Streaming): void {
  ctx.tap('interest.first', (account, subject) => {
    if (subject.startsWith(ADVISORIES) || subject === '>') watch?.announce(account.name);
    for (const consumer of targets.of(account, subject)) consumer.wake();
  });
  ctx.tap('interest.last', (account, subject) => {
    for (const consumer of targets.of(account, subject)) consumer.abandoned();
  });
}

function surroundingsOf(ctx: Context, storage: Storage): Surroundings {
  const { broker, ports, log } = ctx.kernel;
  const { options } = ctx.config;
  const outbox = new Outbox(broker);
  return {
    broker,
    clock: ports.clock,
    inputTime: new InputTime(broker),
    random: ports.random,
    log,
    outbox,
    targets: new PushTargets(),
    domain: options.domain,
    caps: {
      duplicateWindow: BigInt((options.limits?.duplicateWindowMs ?? 0) * NANOS_PER_MS),
      maxAckPending: options.limits?.maxAckPending ?? 0,
      maxRequestBatch: options.limits?.maxRequestBatch ?? 0,
    },
    isStrict: options.isStrict,
    requestsMax: options.requestsMax,
    books: new ServerBooks(storage.limits, ports.clock, log),
    server: { version: NATS_VERSION, level: API_LEVEL },
    driver: (kind) => storage.drivers.get(kind) ?? null,
    after: (milliseconds, run) => ctx.after(milliseconds, run),
    advise(account: Account, make: (head: AdvisoryHead) => Advisory, subject: string): boolean {
      if (!account.sublist.hasInterest(subject)) return false;
      const head = { id: uniqueId(ports.random), time: momentNow(ports.clock), domain: options.domain };
      outbox.send(account, subject, make(head).body);
      return true;
    },
  };
}
