/** A resolver over a directory: its own tokens first, then those of other servers. */
import type { Log, PluginContext } from '../../kernel/plugin-api.ts';
import { isAccountKey } from '../../protocols/jwt/resolver/account-key.ts';
import type { AccountResolver, ResolverHost, ResolverOptions } from '../operator/contract.ts';
import { PEERS, type ServerPeers } from './contract.ts';
import { CACHE, type Flavour, FULL } from './flavour.ts';
import { Inbox } from './inbox.ts';
import { Lookups } from './lookups.ts';
import { Requests } from './requests.ts';
import { syncOnce } from './sync.ts';
import { TokenFiles } from './token-files.ts';
import { TokenStore } from './token-store.ts';

const EXPIRY_MS = 1000;

export function openFull(ctx: PluginContext, options: ResolverOptions, host: ResolverHost): Promise<AccountResolver> {
  return open(ctx, FULL, options, host);
}

export function openCache(ctx: PluginContext, options: ResolverOptions, host: ResolverHost): Promise<AccountResolver> {
  return open(ctx, CACHE, options, host);
}

async function open(
  ctx: PluginContext,
  flavour: Flavour,
  options: ResolverOptions,
  host: ResolverHost,
): Promise<AccountResolver> {
  const { ports, log } = ctx.kernel;
  const settings = { tokensMax: options.accountsMax, evicts: !flavour.hasAll, ttlMs: options.ttlMs };
  const store = new TokenStore(new TokenFiles(options.folder, ports.disk), settings, ports.clock, log);
  await store.open();
  await storeAll(options.preloads, store);
  if (flavour.hasAll) log.info(`Managing all jwt in exclusive directory ${options.folder}`);
  else log.info(`Managing some jwt in exclusive directory ${options.folder}`);
  return new DirectoryResolver(ctx, { flavour, options, host, store });
}

async function storeAll(tokens: ReadonlyMap<string, string>, store: TokenStore): Promise<void> {
  for (const [accountKey, token] of tokens) await store.saveIfNewer(accountKey, token);
}

interface Parts {
  readonly flavour: Flavour;
  readonly options: ResolverOptions;
  readonly host: ResolverHost;
  readonly store: TokenStore;
}

class DirectoryResolver implements AccountResolver {
  readonly #log: Log;
  readonly #host: ResolverHost;
  readonly #store: TokenStore;
  readonly #inbox: Inbox;
  readonly #lookups: Lookups;
  readonly #requests: Requests;
  readonly #closing = new AbortController();
  readonly #disposers: (() => void)[] = [];

  constructor(ctx: PluginContext, { flavour, options, host, store }: Parts) {
    const { ports, broker, log } = ctx.kernel;
    const { clock } = ports;
    const publish = (subject: string, reply: string, body?: Uint8Array): number =>
      broker.publisher.publish(host.system, { subject, reply, body });
    this.#log = log;
    this.#host = host;
    this.#store = store;
    const inbox = new Inbox(ctx, host.system);
    this.#inbox = inbox;
    const peers = ctx.useOptional<ServerPeers>(PEERS);
    this.#lookups = new Lookups({ inbox, clock, peers, timeoutMs: options.timeoutMs, publish });
    this.#requests = new Requests({ ctx, flavour, options, host, store, inbox });
    this.#disposers.push(ctx.every(EXPIRY_MS, () => store.expire()));
    if (!flavour.hasAll) return;
    const surroundings = { store, host, inbox, clock, log, patienceMs: options.syncIntervalMs, publish };
    const sync = async (): Promise<void> => void (await syncOnce(surroundings, this.#closing.signal));
    this.#disposers.push(ctx.every(options.syncIntervalMs, sync));
  }

  async fetch(accountKey: string): Promise<string | null> {
    if (!isAccountKey(accountKey)) return null;
    const own = await this.#store.fetch(accountKey);
    if (own !== null) return own;
    const found = await this.#lookups.find(accountKey);
    if (found === null) this.#log.debug(`Account [${accountKey}]: account jwt not found`);
    else await this.#keep(accountKey, found);
    return found;
  }

  preload(preloads: ReadonlyMap<string, string>): Promise<void> {
    return storeAll(preloads, this.#store);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const dispose of this.#disposers) dispose();
    this.#lookups.close();
    await this.#requests.close();
    this.#inbox.close();
    await this.#store.idle();
  }

  /** What cannot be kept can be used all the same; what is no token of the account can be neither. */
  async #keep(accountKey: string, token: string): Promise<void> {
    const checked = await this.#host.check(token);
    if ('failure' in checked) throw new Error(checked.failure);
    if (checked.accountKey !== accountKey) throw new Error('subject does not match jwt content');
    try {
      await this.#store.saveIfNewer(accountKey, token);
    } catch (error) {
      this.#log.warn(`The token of account ${accountKey} is used but cannot be kept: ${(error as Error).message}`);
    }
  }
}
