import { definePlugin, defineSchema, fields, refuse } from 'gnatlet/plugin';
import { readToken } from './token.ts';

const SECRET_CHARACTERS_MIN = 16;
// Made once: a refusal is given often when somebody guesses.
const BAD_TOKEN = refuse('the token was not signed with our secret');
const EXPIRED = refuse('the token has expired');

const schema = defineSchema({
  secret: fields.string('secret', {
    default: '',
    live: 'yes',
    doc: 'What tokens are signed with.',
    check: (secret) =>
      secret.length < SECRET_CHARACTERS_MIN ? `the secret needs ${SECRET_CHARACTERS_MIN} characters or more` : null,
  }),
  account: fields.string('account', { default: '$G', live: 'yes', doc: 'The account clients end up in.' }),
});

export const plugin = definePlugin({
  name: 'gnatlet-auth-hmac',
  version: '1.0.0',
  api: [1],
  summary: 'Lets in who has a signed token',
  config: { key: 'auth_hmac', schema, live: 'live' },

  register(ctx) {
    const state = { config: ctx.config };
    if (state.config.secret === '') throw new Error('auth_hmac needs a secret');
    ctx.tap('connection.hello', (info) => ({ ...info, auth_required: true }));
    ctx.tap('connection.authenticate', async (_connection, credentials) => {
      // Somebody without a token may be known to another plugin.
      if (credentials.auth_token === '') return undefined;
      const claims = readToken(state.config.secret, credentials.auth_token);
      if (claims === null) return BAD_TOKEN;
      if (claims.expiresAt <= ctx.kernel.ports.clock.now()) return EXPIRED;
      return { ...claims, account: state.config.account, permissions: null };
    });
    return state;
  },

  reload(_ctx, state, change) {
    state.config = change.after;
  },
});
