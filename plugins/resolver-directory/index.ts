/** The resolvers `full` and `cache`: tokens in a directory, which servers keep alike among themselves. */
import { definePlugin } from '../../kernel/plugin-api.ts';
import type { ResolverKind } from '../operator/contract.ts';
import { openCache, openFull } from './directory-resolver.ts';

export const plugin = definePlugin({
  name: 'resolver-directory',
  version: '1.0.0',
  api: [1],
  summary: 'Accounts whose tokens are in a directory, and are pushed by tools',
  provides: [
    { name: 'account.resolver', cardinality: 'named', id: 'full' },
    { name: 'account.resolver', cardinality: 'named', id: 'cache' },
  ],
  requires: [{ name: 'server.peers', cardinality: 'one', optional: true }],

  register(ctx) {
    const full: ResolverKind = { open: (options, host) => openFull(ctx, options, host) };
    const cache: ResolverKind = { open: (options, host) => openCache(ctx, options, host) };
    ctx.provide('account.resolver', full, { id: 'full' });
    ctx.provide('account.resolver', cache, { id: 'cache' });
  },
});
