import { AUTHENTICATOR } from 'gnatlet/contracts';
import { definePlugin } from 'gnatlet/plugin';
import { HmacAuthenticator } from './authenticator.ts';
import { type Config, schema } from './config.ts';

export const plugin = definePlugin<Config, HmacAuthenticator>({
  name: 'gnatlet-auth-hmac',
  version: '1.0.0',
  api: [1],
  summary: 'Lets in who has a signed token',
  provides: [{ name: AUTHENTICATOR, cardinality: 'chain' }],
  config: { key: 'auth_hmac', schema, live: 'live' },

  register(ctx) {
    if (ctx.config.secret === '') throw new Error('auth_hmac needs a secret');
    const { clock } = ctx.kernel.ports;
    const authenticator = new HmacAuthenticator(ctx.config, () => clock.now());
    ctx.provide(AUTHENTICATOR, authenticator);
    return authenticator;
  },

  listen(_ctx, { desk }) {
    // Without anybody who asks us, everybody would be let in.
    if (desk === null) throw new Error('gnatlet-auth-hmac works with "auth"; add "auth" to the list of plugins');
  },

  reload(_ctx, authenticator, { after }) {
    authenticator.change(after);
  },
});
