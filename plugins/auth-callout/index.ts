/** Has a service say who may log in: each login is a request in an account, and the answer is a signed user. */
import { definePlugin } from '../../kernel/plugin-api.ts';
import type { Authenticator } from '../auth/contract.ts';
import type { OperatorUsers } from '../operator/contract.ts';
import { Callout } from './callout.ts';
import { Exchange } from './request/exchange.ts';

const AUTHENTICATOR = 'auth.authenticator';
const OPERATOR_USERS = 'operator.users';

interface State {
  readonly callout: Callout;
  readonly exchange: Exchange;
}

export const plugin = definePlugin<unknown, State>({
  name: 'auth-callout',
  version: '1.0.0',
  api: [1],
  summary: 'A service that says who may log in',
  provides: [{ name: AUTHENTICATOR, cardinality: 'chain' }],
  requires: [{ name: OPERATOR_USERS, cardinality: 'one', optional: true }],
  subjects: ['$SYS._INBOX.*.*'],

  register(ctx) {
    const exchange = new Exchange(ctx);
    const callout = new Callout(ctx.kernel, exchange);
    const authenticator: Authenticator = callout;
    ctx.provide(AUTHENTICATOR, authenticator, { order: 'last' });
    ctx.tap('connection.closed', (connection) => exchange.left(connection));
    ctx.tap('account.changed', (account) => callout.barAll(account));
    ctx.tap('account.removed', (account) => exchange.forget(account));
    ctx.tap('stats.collect', ({ more }) => {
      more['auth-callout.pending'] = exchange.pendingCount;
      more['auth-callout.turned-away'] = exchange.turnedAway;
    });
    return { callout, exchange };
  },

  init(ctx, { callout }) {
    callout.operator = ctx.useOptional<OperatorUsers>(OPERATOR_USERS);
  },

  close: (_ctx, { exchange }) => exchange.close(),
});
