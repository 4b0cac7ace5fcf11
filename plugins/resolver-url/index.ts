/** The resolver `URL(...)`: accounts are what a web server answers. */
import { definePlugin, type PluginContext } from '../../kernel/plugin-api.ts';
import { isAccountKey } from '../../protocols/jwt/resolver/account-key.ts';
import type { AccountResolver, ResolverHost, ResolverKind, ResolverOptions } from '../operator/contract.ts';
import type { TlsContexts } from '../tls/contract.ts';
import { AccountServer } from './account-server.ts';
import { clientTls } from './tls.ts';

const LOOKUPS_MAX = 1000;

export const plugin = definePlugin({
  name: 'resolver-url',
  version: '1.0.0',
  api: [1],
  summary: 'Accounts whose tokens a web server has',
  provides: [{ name: 'account.resolver', cardinality: 'named', id: 'url' }],
  requires: [{ name: 'tls.contexts', cardinality: 'one', optional: true }],

  register(ctx) {
    const kind: ResolverKind = { open: (options, host) => openUrl(ctx, options, host) };
    ctx.provide('account.resolver', kind, { id: 'url' });
  },
});

/** A server that does not answer now would lock everybody out: better not to start. */
async function openUrl(ctx: PluginContext, options: ResolverOptions, host: ResolverHost): Promise<AccountResolver> {
  const { clock, disk } = ctx.kernel.ports;
  const tls = options.tls === null ? {} : clientTls(options.tls, ctx.useOptional<TlsContexts>('tls.contexts'), disk);
  const server = new AccountServer(options.url, { clock, tls });
  try {
    await server.get('');
  } catch (error) {
    server.close();
    throw error;
  }
  return new UrlResolver(server, host.serveUpdates(ctx));
}

class UrlResolver implements AccountResolver {
  readonly #server: AccountServer;
  readonly #stopUpdates: () => Promise<void>;
  /** Whoever asks for what is being asked for already waits for the same answer. */
  readonly #lookups = new Map<string, Promise<string>>();

  constructor(server: AccountServer, stopUpdates: () => Promise<void>) {
    this.#server = server;
    this.#stopUpdates = stopUpdates;
  }

  async fetch(accountKey: string): Promise<string | null> {
    if (!isAccountKey(accountKey)) return null;
    const known = this.#lookups.get(accountKey);
    if (known !== undefined) return known;
    if (this.#lookups.size >= LOOKUPS_MAX) throw new Error(`${LOOKUPS_MAX} accounts are being fetched already`);
    const lookup = this.#server.get(accountKey).finally(() => this.#lookups.delete(accountKey));
    this.#lookups.set(accountKey, lookup);
    return lookup;
  }

  async close(): Promise<void> {
    this.#server.close();
    await Promise.allSettled(this.#lookups.values());
    await this.#stopUpdates();
  }
}
