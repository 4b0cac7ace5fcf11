/** Whom the plugin must not let in, send away or show by the way, whatever else is configured. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tracerFor } from '../../../bin/tracing.ts';
import { settle } from '../../kits/fake-ports.ts';
import { REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { IdentityProvider, ISSUER, START, signingKey, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const [KEY, NEW] = [await signingKey('ES256', 'k'), await signingKey('ES256', 'new')];
const FILES = { k: JSON.stringify({ keys: [KEY.jwk] }) };
const auth_token = await token(KEY);

test('a login for the system account alone lets in nobody who has no token', async () => {
  const text = block('file: k').replace('OPS {}', 'SYS { users: [{user: admin, password: pw}] }');
  const bench = await OidcBench.start(`${text}\nsystem_account: SYS`, FILES);
  assert.is(await bench.answer({}), REFUSED);
  assert.is(await bench.answer({ auth_token }), WELCOME);
  assert.is(await bench.answer({ user: 'admin', pass: 'pw' }), WELCOME);
  await bench.close();
});

test('a session in the account that is open without the block ends with it', async () => {
  const bench = await OidcBench.start(block('file: k', 'account: "$G", permissions { publish: a }'), FILES);
  const session = await bench.loggedIn({ auth_token });
  await bench.reload('accounts { APP {}, OPS {} }');
  assert.is(await bench.reply(session), REFUSED);
  assert.is(await bench.answer({}), WELCOME);
  await bench.close();
});

test('a reload judges all who are in at once, however few logins may be under way', async () => {
  const few = (more = ''): string => block('file: k', `account: APP, max_pending_logins: 1${more}`);
  const bench = await OidcBench.start(few(), FILES);
  const sessions = [];
  for (let index = 0; index < 20; index++) sessions.push(await bench.loggedIn({ auth_token }));
  await bench.reload(few(', max_subscriptions: 9'));
  for (const session of sessions) assert.is(await bench.say(session, ''), WELCOME);
  assert.is(bench.figure('turned_away'), 0);
  assert.is(bench.figure('accepted'), 40);
  await bench.close();
});

test('no login waits for keys longer than logins may take', async () => {
  const provider = await IdentityProvider.start(KEY);
  const text = block(`url: "${provider.url}", timeout: "5s", cooldown: "1s"`);
  const bench = await OidcBench.start(`${text}\nauthorization { timeout: "700ms" }`);
  await bench.ports.clock.advance(1000);
  provider.answer = () => {};
  const waiting = bench.answer({ auth_token: await token(NEW, { claims: { iat: START } }) });
  await until(() => provider.requests.length === 2);
  await bench.ports.clock.advance(699);
  assert.is(bench.figure('late_logins'), 0);
  await bench.ports.clock.advance(1);
  await settle();
  assert.is(await waiting, REFUSED);
  assert.match(bench.lastRefusal, /it was not checked within the time for logins/);
  assert.is(bench.figure('late_logins'), 1);
  assert.is(await bench.answer({ auth_token }), WELCOME);
  await bench.close();
  await provider.close();
});

test('a trace of CONNECT shows no token, wherever it stands', async () => {
  const bench = await OidcBench.start(`trace: true\n${block('file: k')}`, FILES);
  const { broker } = bench.server;
  broker.tracer = tracerFor({ ...broker.options, trace: true } as never, broker);
  for (const field of ['jwt', 'auth_token', 'pass']) {
    assert.is(await bench.answer({ [field]: auth_token }), WELCOME);
  }
  const log = bench.log.join('\n');
  assert.match(log, /<<- \[CONNECT /);
  for (const part of auth_token.split('.')) assert.not.ok(log.includes(part.slice(0, 30)), log);
  await bench.close();
});

test('the monitor shows who vouched for a client', async () => {
  const bench = await OidcBench.start(`http: "127.0.0.1:8222"\n${block('file: k')}`, FILES);
  await bench.loggedIn({ auth_token });
  const connz = bench.server.host.endpoints.get('/connz')!.value;
  const answer = await connz({ path: '/connz', query: new URLSearchParams('auth=1') });
  const shown = (answer as { json: object }).json as {
    connections: Iterable<{ authorized_user: string; issuer_key: string }>;
  };
  const [session] = shown.connections;
  assert.equal([session!.authorized_user, session!.issuer_key], ['ann', ISSUER]);
  await bench.close();
});

test.run();
