import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../../../kernel/hooks/refusal.ts';
import { AUTHENTICATOR, type AuthDesk, type Authenticator, LOGIN_TIME } from '../../../plugins/auth/contract.ts';
import { plugin } from '../../../plugins/auth/index.ts';
import { withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import { AuthBench, connectLine, provider, REFUSED, WELCOME } from './auth-bench.ts';

const OPEN = 'authorization { users: [] }';
const USERS = 'authorization { users: [{user: u, password: p}, {user: w, password: "", connection_types: WEBSOCKET}] }';
const BASE: Authenticator = { isLoginRequired: true, needsNonce: false };

/** Knows one token, and leaves everybody else to others. */
const badge: Authenticator = {
  ...BASE,
  authenticate: ({ credentials }) =>
    credentials.auth_token === 'badge' ? { account: '$G', user: 'badge', permissions: null } : undefined,
};

test('an authenticator lets in whom it knows, and makes everybody log in', async () => {
  const bench = await AuthBench.start(OPEN, provider('badge', badge));
  assert.is((await bench.info()).auth_required, true);
  assert.is(await bench.answer({ auth_token: 'badge' }), WELCOME);
  await bench.server.close();
});

test('configured users are looked up when no authenticator answers', async () => {
  const bench = await AuthBench.start(USERS, provider('badge', badge));
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  assert.is(await bench.answer({ auth_token: 'badge' }), WELCOME);
  assert.is(await bench.answer({ auth_token: 'other' }), REFUSED);
  await bench.server.close();
});

test('nobody is let in because nobody is configured, where an authenticator wants a login', async () => {
  const bench = await AuthBench.start(OPEN, provider('badge', badge));
  assert.is(await bench.answer({}), REFUSED);
  assert.is(await bench.answer({ auth_token: 'other' }), REFUSED);
  await bench.server.close();
});

test('an authenticator that knows a name from elsewhere admits a configured user within its limits', async () => {
  const byName: Authenticator = {
    ...BASE,
    authenticate: (attempt) => {
      const user = attempt.findUser(attempt.credentials.name);
      return user === undefined ? attempt.refuse() : attempt.admit(user, { withPassword: true });
    },
  };
  const bench = await AuthBench.start(USERS, provider('certificates', byName));
  assert.is(await bench.answer({ name: 'u', pass: 'p' }), WELCOME);
  assert.is(await bench.answer({ name: 'u' }), REFUSED);
  assert.is(await bench.answer({ name: 'w' }), REFUSED, 'not on this kind of connection');
  assert.is(await bench.answer({ name: 'x' }), REFUSED);
  await bench.server.close();
});

test('a review has the last word, in both directions', async () => {
  const seen: boolean[] = [];
  const callout: Authenticator = {
    ...BASE,
    review: async (attempt, verdict) => {
      seen.push(isRefusal(verdict));
      const { name } = attempt.credentials;
      if (name === 'guest') return { account: '$G', user: 'guest', permissions: null };
      return name === 'banned' ? attempt.refuse() : undefined;
    },
  };
  const bench = await AuthBench.start(USERS, provider('callout', callout));
  assert.is(await bench.answer({ name: 'guest' }), WELCOME);
  assert.is(await bench.answer({ name: 'banned', user: 'u', pass: 'p' }), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  assert.equal(seen, [true, false, false]);
  await bench.server.close();
});

test('an authenticator that throws refuses, and the next client is none the worse', async () => {
  const broken: Authenticator = {
    ...BASE,
    authenticate: ({ credentials }) => {
      if (credentials.name === 'bang') throw new Error('bang');
      return undefined;
    },
  };
  const bench = await AuthBench.start(USERS, provider('broken', broken));
  assert.is(await bench.answer({ name: 'bang', user: 'u', pass: 'p' }), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  await bench.server.close();
});

test('an authenticator that needs a nonce has clients sent one', async () => {
  const bench = await AuthBench.start(USERS, provider('keys', { ...BASE, needsNonce: true }));
  assert.type((await bench.info()).nonce, 'string');
  await bench.server.close();
});

test('a client that is put into another account by a reload leaves nothing in the one before', async () => {
  let account = 'A';
  const moving: Authenticator = { ...BASE, authenticate: () => ({ account, user: 'm', permissions: null }) };
  const text = (user: string): string => `authorization { users: [{user: ${user}}] }\naccounts { A {}, B {} }`;
  const bench = await AuthBench.start(text('u'), provider('moving', moving));
  const wire = await bench.client();
  assert.is(await bench.say(wire, `${connectLine({})}SUB x 1\r\n`), WELCOME);
  account = 'B';
  await bench.reload(text('v'));
  assert.is(await bench.reply(wire), '<end>');
  assert.is(bench.server.broker.accounts.subscriptionCount, 0);
  await bench.server.close();
});

test('an authenticator whose rules change has those asked again whom it concerns', async () => {
  let isLoginRequired = false;
  let desk: AuthDesk | undefined;
  const doorman: Authenticator = {
    get isLoginRequired() {
      return isLoginRequired;
    },
    needsNonce: false,
    configured: (_view, given) => {
      desk = given;
    },
    authenticate: ({ credentials }) =>
      credentials.auth_token === 'badge' ? { account: '$G', user: 'badge', permissions: null } : undefined,
  };
  const bench = await AuthBench.start(OPEN, provider('doorman', doorman));
  const [concerned, other] = [await bench.client(), await bench.client()];
  for (const wire of [concerned, other]) assert.is(await bench.say(wire, connectLine({})), WELCOME);
  assert.is((await bench.info()).auth_required, undefined);
  isLoginRequired = true;
  const [first] = bench.server.broker.connections.values();
  desk!.reconsider((connection) => connection === first);
  assert.is(await bench.reply(concerned), REFUSED);
  assert.is(await bench.say(other, ''), WELCOME);
  assert.is((await bench.info()).auth_required, true);
  assert.is(await bench.answer({}), REFUSED);
  assert.is(await bench.answer({ auth_token: 'badge' }), WELCOME);
  await bench.server.close();
});

test('nothing of the plugin stays behind, with and without authenticators', async () => {
  const capabilities = { [AUTHENTICATOR]: { badge }, [LOGIN_TIME]: () => 7000 };
  await withEachCapabilitySet(plugin, { capabilities }, (bench, absent) => {
    assert.is(bench.hooks.connectionAuthenticate.slot === null, absent.includes(AUTHENTICATOR));
    assert.is(bench.broker.options.authTimeoutMs, absent.includes(LOGIN_TIME) ? 2000 : 7000);
  });
});

test.run();
