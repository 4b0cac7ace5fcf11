/** What a reload means for those who are in, and those about to be. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectLine, REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { IdentityProvider, signingKey, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const KEY = await signingKey('ES256', 'k');
const OTHER = await signingKey('ES256', 'other');
const set = (...keys: (typeof KEY)[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
const FILES = { k: set(KEY) };
const USERS = 'authorization { users: [{user: u, password: p}] }';
const auth_token = await token(KEY);

test('a provider that is taken out takes its sessions with it, and nobody else', async () => {
  const bench = await OidcBench.start(`${block('file: k')}\n${USERS}`, FILES);
  const session = await bench.loggedIn({ auth_token });
  const user = await bench.loggedIn({ user: 'u', pass: 'p' });
  await bench.reload(`${block('file: k').replace('id.example', 'other.example')}\n${USERS}`);
  assert.is(await bench.reply(session), REFUSED);
  assert.is(await bench.say(user, ''), WELCOME);
  assert.is(await bench.answer({ auth_token }), REFUSED);
  await bench.close();
});

test('with the block all its sessions end, while configured users stay', async () => {
  const bench = await OidcBench.start(`${block('file: k')}\n${USERS}`, FILES);
  const session = await bench.loggedIn({ auth_token });
  const user = await bench.loggedIn({ user: 'u', pass: 'p' });
  await bench.reload(`accounts { APP {}, OPS {} }\n${USERS}`);
  assert.is(await bench.reply(session), REFUSED);
  assert.is(await bench.say(user, ''), WELCOME);
  await bench.close();
});

test('where nobody else has to log in, a session is not carried over into the open broker', async () => {
  const bench = await OidcBench.start(block('file: k'), FILES);
  const session = await bench.loggedIn({ auth_token });
  await bench.reload('accounts { APP {}, OPS {} }');
  assert.is(await bench.reply(session), REFUSED);
  assert.is((await bench.info()).auth_required, undefined);
  assert.is(await bench.answer({}), WELCOME);
  await bench.close();
});

test('new permissions count at once, and what they do not allow ends', async () => {
  const allow = (subject: string): string => block('file: k', `account: APP, permissions { subscribe: "${subject}" }`);
  const bench = await OidcBench.start(allow('a.>'), FILES);
  const session = await bench.loggedIn({ auth_token });
  assert.is(await bench.say(session, 'SUB a.x 1\r\n'), WELCOME);
  await bench.reload(allow('b.>'));
  assert.match(
    await bench.say(session, 'SUB b.x 2\r\n'),
    /Permissions Violation for Subscription to "a.x" \(sid "1"\)/,
  );
  await bench.close();
});

test('whom another rule puts elsewhere has to come back', async () => {
  const bench = await OidcBench.start(block('file: k'), FILES);
  const session = await bench.loggedIn({ auth_token });
  await bench.reload(block('file: k', 'account: OPS'));
  assert.is(await bench.reply(session), '<end>');
  await bench.close();
});

test('a change that does not concern the keys keeps them, though the provider is down', async () => {
  const provider = await IdentityProvider.start(KEY);
  const jwks = `url: "${provider.url}"`;
  const bench = await OidcBench.start(block(jwks));
  const session = await bench.loggedIn({ auth_token });
  await provider.close();
  await bench.reload(block(jwks, 'account: APP, max_subscriptions: 5'));
  assert.is(await bench.say(session, ''), WELCOME);
  assert.is(await bench.answer({ auth_token }), WELCOME);
  await bench.close();
});

test('a file with other keys counts from a reload on, for those who are in too', async () => {
  const bench = await OidcBench.start(block('file: k'), FILES);
  const session = await bench.loggedIn({ auth_token });
  await bench.reload(block('file: k'));
  assert.is(await bench.say(session, ''), WELCOME);
  await bench.ports.disk.writeFile('k', set(OTHER));
  await bench.reload(block('file: k'));
  assert.is(await bench.reply(session), REFUSED);
  assert.is(await bench.answer({ auth_token: await token(OTHER) }), WELCOME);
  await bench.close();
});

test('a file that is broken by then leaves the keys as they were', async () => {
  const bench = await OidcBench.start(block('file: k'), FILES);
  const session = await bench.loggedIn({ auth_token });
  await bench.ports.disk.writeFile('k', '{"keys": [');
  await bench.reload(block('file: k'));
  assert.ok(bench.log.some((line) => line.endsWith('k is no JSON; the last keys count until "max_age"')));
  assert.is(await bench.say(session, ''), WELCOME);
  await bench.close();
});

test('a login that waits for keys is judged by what holds when they come', async () => {
  const provider = await IdentityProvider.start(KEY);
  const text = block(`url: "${provider.url}"`);
  const bench = await OidcBench.start(text);
  await bench.ports.clock.advance(30_000);
  let release: () => void = () => {};
  provider.answer = (_request, response) => {
    release = () => void response.end(set(KEY, OTHER));
  };
  const wire = await bench.client();
  wire.clear();
  wire.input(`${connectLine({ auth_token: await token(OTHER) })}PING\r\n`);
  await until(() => provider.requests.length === 2);
  await bench.reload(`${text.replace('account: APP', 'rules: [{ when { role: x }, account: APP }]')}`);
  release();
  assert.is(await bench.reply(wire), REFUSED);
  await bench.close();
  await provider.close();
});

test('the block may be added while the broker runs with "auth"; whoever is in without a token goes', async () => {
  const bench = await OidcBench.start(`plugins: [auth, oidc]\naccounts { APP {}, OPS {} }`, FILES);
  const anybody = await bench.loggedIn({});
  await bench.reload(`plugins: [auth, oidc]\n${block('file: k')}`);
  assert.is(await bench.reply(anybody), REFUSED);
  assert.is(await bench.answer({}), REFUSED);
  assert.is(await bench.answer({ auth_token }), WELCOME);
  await bench.close();
});

test('the block may be the first thing that has anybody log in', async () => {
  const bench = await OidcBench.start('accounts { APP {}, OPS {} }', FILES);
  const anybody = await bench.loggedIn({});
  await bench.reload(block('file: k'));
  assert.is(await bench.reply(anybody), REFUSED);
  assert.is(await bench.answer({ auth_token }), WELCOME);
  await bench.close();
});

test('a block that nobody would ask is refused, and the broker goes on as it was', async () => {
  const bench = await OidcBench.start(`accounts { APP {}, OPS {} }\n${USERS}`, FILES);
  const failure = await bench.reload(`${block('file: k')}\n${USERS}`).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(failure, /nobody asks "oidc" who clients are; .* restart the broker/);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  assert.is(await bench.answer({ auth_token }), REFUSED);
  await bench.close();
});

test.run();
