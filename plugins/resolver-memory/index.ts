/** The resolver `MEMORY`: accounts are what `resolver_preload` says. */
import { definePlugin, type PluginContext } from '../../kernel/plugin-api.ts';
import type { AccountResolver, ResolverHost, ResolverKind, ResolverOptions } from '../operator/contract.ts';

export const plugin = definePlugin({
  name: 'resolver-memory',
  version: '1.0.0',
  api: [1],
  summary: 'Accounts whose tokens stand in the configuration',
  provides: [{ name: 'account.resolver', cardinality: 'named', id: 'memory' }],

  register(ctx) {
    const kind: ResolverKind = { open: async (options, host) => openMemory(ctx, options, host) };
    ctx.provide('account.resolver', kind, { id: 'memory' });
  },
});

function openMemory(ctx: PluginContext, options: ResolverOptions, host: ResolverHost): AccountResolver {
  let tokens = options.preloads;
  const close = host.serveUpdates(ctx);
  return {
    fetch: async (accountKey) => tokens.get(accountKey) ?? null,
    preload: async (preloads) => {
      tokens = preloads;
    },
    close,
  };
}
