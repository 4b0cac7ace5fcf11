/** Streams of messages that are kept, and consumers that read them: the JetStream API on one server. */
import {
  type Account,
  definePlugin,
  GLOBAL_ACCOUNT,
  NATS_VERSION,
  type PluginContext,
} from '../../kernel/plugin-api.ts';
import { type TierLimits, UNLIMITED_TIER } from '../../protocols/jetstream/account-limits.ts';
import { type Advisory, type AdvisoryHead, outOfStorage } from '../../protocols/jetstream/advisories.ts';
import { API_PREFIX } from '../../protocols/jetstream/api-subject.ts';
import { STORAGE_DRIVER, STORAGE_OPENER } from '../../storage-drivers/contract.ts';
import type { AccountAllowances } from '../operator/contract.ts';
import { grantsOf } from './account/allowed-grants.ts';
import { wholeOf } from './account/grants.ts';
import { StreamingAccounts } from './account/streaming-accounts.ts';
import { Usage } from './account/usage.ts';
import type { ApiService } from './api/api-service.ts';
import { SystemApi } from './api/system-api.ts';
import { UnservedApi } from './api/unserved-api.ts';
import { CONSUMERS_USUAL_MAX, type JetStreamConfig, jetstreamSchema } from './config.ts';
import { monitorSection } from './monitor-section.ts';
import { openStorage, type Storage } from './storage.ts';
import { momentNow } from './stream/moment.ts';
import type { Surroundings } from './surroundings.ts';
import { API_LEVEL } from './wire/api-level.ts';
import { uniqueId } from './wire/identifiers.ts';
import { Outbox } from './wire/outbox.ts';

/** Streams are on, backups are of the newer form, and accounts may have traffic of their own. */
const SERVER_FLAGS = 7;
/** Of the operator: what tokens allow accounts to keep. */
const ACCOUNT_ALLOWANCES = 'account.allowances';
/** Streams of many gigabytes come back within that. */
const RECOVERY_MS = 600_000;
const NANOS_PER_MS = 1e6;
const NO_ROOM_STEP_MS = 10_000;

type Context = PluginContext<JetStreamConfig>;

/** What the command line hands on of the configuration. */
interface DescribedOptions {
  readonly featureFlags?: Readonly<Record<string, boolean>>;
}

export interface Streaming {
  readonly services: Map<string, ApiService>;
  storage: Storage | null;
  accounts: StreamingAccounts | null;
}

export const plugin = definePlugin<JetStreamConfig, Streaming>({
  name: 'jetstream',
  version: '0.1.0',
  api: [1],
  summary: 'Streams of messages that are kept, and consumers that read them',
  provides: [{ name: 'monitor.section', cardinality: 'chain', optional: true }],
  requires: [
    { name: STORAGE_DRIVER, cardinality: 'named', optional: true },
    { name: STORAGE_OPENER, cardinality: 'named', optional: true },
    { name: ACCOUNT_ALLOWANCES, cardinality: 'one', optional: true },
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
    const streaming: Streaming = { services: new Map(), storage: null, accounts: null };
    const { isEnabled, options } = ctx.config;
    if (!isEnabled) return streaming;
    const { domain } = options;
    ctx.tap('connection.hello', (info) => ({ ...info, jetstream: true, ...(domain === '' ? {} : { domain }) }));
    ctx.tap('server.configure', (given) => ({ ...given, ...serverTraits(domain) }));
    ctx.provide('monitor.section', monitorSection(ctx.config, streaming));
    return streaming;
  },

  async init(ctx, streaming) {
    if (!ctx.config.isEnabled) return;
    streaming.storage = await openStorage(ctx);
    const of = surroundingsOf(ctx, streaming.storage);
    streaming.accounts = new StreamingAccounts(of, streaming.services);
    await openAccounts(ctx, streaming.accounts);
    serveOthers(ctx, streaming.accounts, of);
    watchInterest(ctx, streaming);
  },

  drain(_ctx, { services }) {
    for (const { of } of services.values()) for (const { consumers } of of.streams.values()) consumers.sendAway();
  },

  async close(_ctx, { accounts, storage }) {
    await accounts?.closeAll();
    await storage?.close();
  },
});

/** Not more often than every so often, however many messages are refused. */
function tellOfNoRoom(ctx: Context, outbox: Outbox): (stream: string) => void {
  const { broker, ports } = ctx.kernel;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (stream) => {
    const { system } = broker.accounts;
    const now = ports.clock.monotonic();
    if (system === null || now - toldAt < NO_ROOM_STEP_MS) return;
    toldAt = now;
    const head = { id: uniqueId(ports.random), time: momentNow(ports.clock), domain: ctx.config.options.domain };
    const { subject, body } = outOfStorage(head, { name: broker.name, id: broker.identity.id }, stream);
    outbox.send(system, subject, body);
  };
}

/** What servers say of themselves: that there are streams here, and how they are kept and sent away. */
function serverTraits(domain: string): { readonly serverTraits: object } {
  return { serverTraits: { domain: domain === '' ? undefined : domain, jetstream: true, flags: SERVER_FLAGS } };
}

async function openAccounts(ctx: Context, streaming: StreamingAccounts): Promise<void> {
  const { accounts } = ctx.kernel.broker;
  const allowances = ctx.useOptional<AccountAllowances>(ACCOUNT_ALLOWANCES);
  if (allowances !== undefined) {
    await followTokens(ctx, streaming, allowances);
    return;
  }
  for (const [name, limits] of streamingAccounts(ctx)) await streaming.grant(accounts.ensure(name), wholeOf(limits));
}

/** Where accounts are what tokens say: those whose streams lie here are looked up at once, all others as they come. */
async function followTokens(ctx: Context, streaming: StreamingAccounts, allowances: AccountAllowances): Promise<void> {
  const { system } = ctx.kernel.broker.accounts;
  const end = allowances.watch(async (account, allowed) => {
    if (account !== system) await streaming.grant(account, grantsOf(allowed));
  });
  ctx.onDispose(end);
  for (const name of await streaming.stored()) {
    if (name === GLOBAL_ACCOUNT || (await allowances.load(name))) continue;
    ctx.kernel.log.warn(`the streams of the account '${name}' are not served: there is no such account`);
  }
}

function streamingAccounts(ctx: Context): ReadonlyMap<string, TierLimits> {
  const { accounts, accountNames } = ctx.config;
  const system = ctx.kernel.broker.accounts.system?.name;
  const isGlobalOnly = accountNames.every((name) => name === system);
  return isGlobalOnly ? new Map([[GLOBAL_ACCOUNT, UNLIMITED_TIER]]) : accounts;
}

/** Who has no streams is told so. */
function serveOthers(ctx: Context, { services }: StreamingAccounts, of: Surroundings): void {
  const { accounts } = ctx.kernel.broker;
  const others = new UnservedApi(of, ({ name }) => services.has(name));
  ctx.onDispose(accounts.serveEverywhere(`${API_PREFIX}>`, others));
  if (accounts.system === null) return;
  const system = new SystemApi(of, accounts.system, (name) => services.get(name)?.of ?? null);
  ctx.onDispose(() => system.close());
}

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

function surroundingsOf(ctx: Context, storage: Storage): Surroundings {
  const { broker, ports, log } = ctx.kernel;
  const { options } = ctx.config;
  const outbox = new Outbox(broker);
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
    consumersUsualMax: options.limits?.defaultMaxConsumers ?? CONSUMERS_USUAL_MAX,
    hasLongAcks: (broker.options as DescribedOptions).featureFlags?.js_ack_fc_v2 === true,
    used: new Usage(),
    maxMemory: Math.max(0, options.maxMemory),
    maxStorage: Math.max(0, options.maxStorage),
    server: { version: NATS_VERSION, level: API_LEVEL },
    driver: (kind) => storage.drivers.get(kind) ?? null,
    outOfStorage: tellOfNoRoom(ctx, outbox),
    after: (milliseconds, run) => ctx.after(milliseconds, run),
    advise(account: Account, make: (head: AdvisoryHead) => Advisory, subject: string): void {
      if (!account.sublist.hasInterest(subject)) return;
      const head = { id: uniqueId(ports.random), time: momentNow(ports.clock), domain: options.domain };
      outbox.send(account, subject, make(head).body);
    },
  };
}
