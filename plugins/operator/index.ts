/** Operator mode: accounts and users are what signed tokens say, and trust begins with the operator's signature. */
import { definePlugin } from '../../kernel/plugin-api.ts';
import { type OperatorConfig, operatorSchema, reloadAnswer } from './config.ts';
import { ACCOUNT_ALLOWANCES } from './contract.ts';
import { AUTHENTICATOR, MONITOR_SECTION, OPERATOR_USERS, OperatorMode, RESOLVER, SHARING } from './operator-mode.ts';

/** Opening may mean asking other servers, or checking many thousands of preloads. */
const OPENING_MS = 60_000;

export const plugin = definePlugin<OperatorConfig, OperatorMode | null>({
  name: 'operator',
  version: '1.0.0',
  api: [1],
  summary: 'Accounts and users by signed tokens (JWT)',
  provides: [
    { name: AUTHENTICATOR, cardinality: 'chain', optional: true },
    { name: OPERATOR_USERS, cardinality: 'one', optional: true },
    { name: ACCOUNT_ALLOWANCES, cardinality: 'one', optional: true },
    { name: MONITOR_SECTION, cardinality: 'chain', optional: true },
  ],
  requires: [
    { name: RESOLVER, cardinality: 'named', optional: true },
    { name: SHARING, cardinality: 'one', optional: true },
    { name: 'server.stamp', cardinality: 'one', optional: true, isLate: true },
  ],
  config: {
    key: 'operator',
    aliases: ['operators', 'root', 'roots', 'root_operator', 'root_operators'],
    also: [
      { key: 'resolver', aliases: ['account_resolver', 'accounts_resolver'] },
      { key: 'resolver_tls' },
      { key: 'resolver_preload' },
      { key: 'resolver_pinned_accounts' },
      { key: 'trusted_keys', aliases: ['trusted'] },
      { key: 'default_sentinel' },
    ],
    schema: operatorSchema,
    live: reloadAnswer,
  },
  deadlinesMs: { init: OPENING_MS, reload: OPENING_MS },

  register: (ctx) => (ctx.config.trustedKeys.length === 0 ? null : new OperatorMode(ctx)),
  init: (_ctx, mode) => mode?.open(),
  ready: (_ctx, mode) => mode?.recognize(),
  reload: (_ctx, mode, { after }) => mode?.change(after),
  close: (_ctx, mode) => mode?.close(),
});
