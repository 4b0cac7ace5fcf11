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
import { API_PREFIX } from '../../protocols/jetstream/api-subject.ts';
import { STORAGE_DRIVER, STORAGE_OPENER } from '../../storage-drivers/contract.ts';
import type { AccountAllowances } from '../operator/contract.ts';
import { grantsOf } from './account/allowed-grants.ts';
import { wholeOf } from './account/grants.ts';
import { ServerBooks } from './account/server-books.ts';
import type { StreamAccount } from './account/stream-account.ts';
import { StreamingAccounts } from './account/streaming-accounts.ts';
import type { ApiService } from './api/api-service.ts';
import { SystemApi } from './api/system-api.ts';
import { UnservedApi } from './api/unserved-api.ts';
import { CONSUMERS_USUAL_MAX, type JetStreamConfig, jetstreamSchema } from './config.ts';
import { PushTargets } from './consumer/push-targets.ts';
import { WritePace } from './consumer/write-pace.ts';
import { DefaultDomain, realmOf } from './domain.ts';
import { monitorSection } from './monitor-section.ts';
import { jumpText, SteadyClock } from './steady-clock.ts';
import { openStorage, type Storage } from './storage.ts';
import { InputTime } from './stream/input-time.ts';
import { momentNow } from './stream/moment.ts';
import type { Surroundings } from './surroundings.ts';
import { StorageWatch } from './trouble/storage-watch.ts';
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
/** Whoever listens there, or to more. */
const ADVISORIES = '$JS.EVENT.';

type Context = PluginContext<JetStreamConfig>;

/** What the command line hands on of the configuration. */
interface DescribedOptions {
  readonly featureFlags?: Readonly<Record<string, boolean>>;
}

export interface Streaming {
  readonly services: Map<string, ApiService>;
  storage: Storage | null;
  accounts: StreamingAccounts | null;
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
    const streaming: Streaming = { services: new Map(), storage: null, accounts: null, watch: null };
    const { isEnabled, options } = ctx.config;
    ctx.provide('stream.domain', realmOf(ctx.config, streaming.services));
    if (!isEnabled) return streaming;
    const { domain } = options;
    ctx.tap('connection.hello', (info) => ({ ...info, jetstream: true, ...(domain === '' ? {} : { domain }) }));
    ctx.tap('server.configure', (given) => ({ ...given, ...serverTraits(domain) }));
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
    streaming.accounts = new StreamingAccounts(of, streaming.services);
    await openAccounts(ctx, streaming.accounts);
    serveOthers(ctx, streaming.accounts, of);
    const accounts = (): StreamAccount[] => Array.from(streaming.services.values(), (service) => service.of);
    streaming.watch = new StorageWatch(of, streaming.storage.drivers.values(), accounts);
    streaming.watch.begin();
    watchInterest(ctx, of, streaming);
  },

  drain(_ctx, { services }) {
    for (const { of } of services.values()) for (const { consumers } of of.streams.values()) consumers.sendAway();
  },

  async close(_ctx, { accounts, storage, watch }) {
    watch?.end();
    await accounts?.closeAll();
    await storage?.close();
  },
});

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
  for (const name of await streaming.stored()) {
    if (streaming.services.has(name)) continue;
    ctx.kernel.log.warn(
      `the streams of the account '${name}' are left where they are, and not served: it has no JetStream`,
    );
  }
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

/** Who has no streams is told so. */
function serveOthers(ctx: Context, { services }: StreamingAccounts, of: Surroundings): void {
  const { accounts } = ctx.kernel.broker;
  const others = new UnservedApi(of, ({ name }) => services.has(name));
  ctx.onDispose(accounts.serveEverywhere(`${API_PREFIX}>`, others));
  if (accounts.system === null) return;
  const system = new SystemApi(of, accounts.system, (name) => services.get(name)?.of ?? null);
  ctx.onDispose(() => system.close());
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
  const clock = new SteadyClock(ports.clock, (milliseconds) => log.warn(jumpText(milliseconds)));
  return {
    broker,
    clock,
    inputTime: new InputTime(clock, broker.flow),
    random: ports.random,
    log,
    outbox,
    targets: new PushTargets(),
    writePace: new WritePace(ports.clock),
    domain: options.domain,
    caps: {
      duplicateWindow: BigInt((options.limits?.duplicateWindowMs ?? 0) * NANOS_PER_MS),
      maxAckPending: options.limits?.maxAckPending ?? 0,
      maxRequestBatch: options.limits?.maxRequestBatch ?? 0,
    },
    isStrict: options.isStrict,
    backupFormat: options.backupFormat,
    requestsMax: options.requestsMax,
    consumersUsualMax: options.limits?.defaultMaxConsumers ?? CONSUMERS_USUAL_MAX,
    hasLongAcks: (broker.options as DescribedOptions).featureFlags?.js_ack_fc_v2 === true,
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
