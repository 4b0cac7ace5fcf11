import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Authenticator, LoginAttempt, Verdict } from '../../../plugins/auth/contract.ts';
import { AuthBench, connectLine, infoOf, provider, REFUSED, until, WELCOME } from './auth-bench.ts';
import { Signer } from './signer.ts';

const OPEN_TO_U = 'authorization { user: u, password: p }';
const signer = new Signer(1);

test('below the limit of failed logins the right password lets in, at and over it nothing does, and the attempts are counted', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, max_failed_logins: 3 }');
  const right = { user: 'u', pass: 'p' };
  const wrong = { user: 'u', pass: 'w' };
  for (let failures = 0; failures < 2; failures++) assert.is(await bench.answer(wrong), REFUSED);
  assert.is(await bench.answer(right), WELCOME);
  assert.is(bench.server.broker.statistics().more['auth.blocked_logins'], 0);
  assert.is(await bench.answer(wrong), REFUSED);
  for (let attempt = 0; attempt < 2; attempt++) assert.is(await bench.answer(right), REFUSED);
  assert.is(bench.server.broker.statistics().more['auth.blocked_logins'], 2);
  await bench.server.close();
});

test('guesses of many connections at once are counted like guesses one by one', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, max_failed_logins: 10 }');
  const wires = await Promise.all(Array.from({ length: 50 }, () => bench.client()));
  for (const wire of wires) wire.input(connectLine({ user: 'u', pass: 'w' }));
  for (const wire of wires) await until(() => wire.isEnded);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), REFUSED);
  await bench.server.close();
});

test('the right guess among many under way together does not get in once the others have failed too often', async () => {
  const answers: (() => void)[] = [];
  const slow: Authenticator = {
    isLoginRequired: true,
    needsNonce: false,
    authenticate: (attempt) => new Promise((resolve) => answers.push(() => resolve(verdictOf(attempt)))),
  };
  const verdictOf = (attempt: LoginAttempt): Verdict =>
    attempt.credentials.auth_token === 'right' ? { account: '$G', user: 'x', permissions: null } : attempt.refuse();
  const bench = await AuthBench.start('authorization { users: [], max_failed_logins: 3 }', provider('slow', slow));
  const wires = await Promise.all(Array.from({ length: 4 }, () => bench.client()));
  wires.forEach((wire, at) => void wire.input(connectLine({ auth_token: at === 3 ? 'right' : 'guess' })));
  await until(() => answers.length === 4);
  for (const answer of answers) answer();
  for (const wire of wires) assert.match(await bench.reply(wire), /^-ERR 'Authorization Violation'/);
  assert.is(bench.server.broker.statistics().more['auth.blocked_logins'], 1);
  await bench.server.close();
});

test('guesses of a bcrypt password that wait when the limit is reached are not computed any more', async () => {
  const hash = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
  const bench = await AuthBench.start(`authorization { user: u, password: "${hash}", max_failed_logins: 2 }`);
  const wires = await Promise.all(Array.from({ length: 5 }, () => bench.client()));
  wires.forEach((wire, at) => void wire.input(connectLine({ user: 'u', pass: at === 4 ? 's3cret' : `guess${at}` })));
  for (const wire of wires) await until(() => wire.isEnded);
  for (const wire of wires) assert.match(wire.text, /-ERR 'Authorization Violation'\r\n$/);
  await bench.server.close();
});

test('a signature that was seen once is worth nothing on the next connection', async () => {
  const bench = await AuthBench.start(`authorization { users: [{nkey: ${signer.nkey}}] }`);
  const first = await bench.client();
  const sig = signer.sign(infoOf(first).nonce as string);
  first.input(`${connectLine({ nkey: signer.nkey, sig })}PING\r\n`);
  assert.is(await bench.reply(first), WELCOME);
  assert.is(await bench.answer({ nkey: signer.nkey, sig }), REFUSED);
  await bench.server.close();
});

test('a signature with any part missing, or something behind it, is none', async () => {
  const bench = await AuthBench.start(`authorization { users: [{nkey: ${signer.nkey}}] }`);
  for (const change of [
    (sig: string) => sig.slice(0, -1),
    (sig: string) => `${sig}A`,
    (sig: string) => sig.slice(1),
    () => '',
  ]) {
    const wire = await bench.client();
    const sig = change(signer.sign(infoOf(wire).nonce as string));
    wire.input(connectLine({ nkey: signer.nkey, sig }));
    assert.is(await bench.reply(wire), REFUSED);
  }
  await bench.server.close();
});

const HOSTILE: [what: string, json: string][] = [
  ['a bomb of brackets', `{"user":${'['.repeat(1900)}${']'.repeat(1900)}}`],
  ['a prototype with a user', '{"__proto__":{"user":"u","pass":"p"}}'],
  ['a constructor with a user', '{"constructor":{"prototype":{"user":"u","pass":"p"}}}'],
  ['a user twice, the right one first', '{"user":"u","pass":"p","user":"x"}'],
  ['a user that is a number', '{"user":1,"pass":"p"}'],
  ['a user with a zero byte', '{"user":"u\\u0000","pass":"p"}'],
  ['a password that goes on', '{"user":"u","pass":"p\\u0000"}'],
  ['a very long name', `{"user":"${'u'.repeat(3900)}","pass":"p"}`],
];

for (const [what, json] of HOSTILE) {
  test(`${what} lets nobody in, and the next client is none the worse`, async () => {
    const bench = await AuthBench.start(OPEN_TO_U);
    const wire = await bench.client(`CONNECT ${json}\r\nPING\r\n`);
    await until(() => wire.isEnded || wire.isDestroyed);
    assert.not.match(wire.text, /PONG/);
    assert.is(bench.errors.length, 1, 'the log has a reason');
    assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
    await bench.server.close();
  });
}

test('a name cannot forge a line of the log', async () => {
  const bench = await AuthBench.start(OPEN_TO_U);
  assert.is(await bench.answer({ user: 'x"\n[INF] all is well', pass: 'p' }), REFUSED);
  assert.equal(bench.errors, ['authentication error - User "x\\"\\n[INF] all is well"']);
  await bench.server.close();
});

test('ten thousand connections that never say who they are are all told, and gone at their deadline', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, timeout: 1 }');
  const wires = await Promise.all(Array.from({ length: 10_000 }, () => bench.client()));
  assert.is(bench.server.broker.connections.size, 10_000);
  await bench.ports.clock.advance(1000);
  for (const wire of wires) assert.match(wire.text, /-ERR 'Authentication Timeout'\r\n$/);
  assert.is(bench.server.broker.connections.size, 0);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  await bench.server.close();
});

test('what waits behind a login that is not decided is bounded', async () => {
  const bench = await AuthBench.start(OPEN_TO_U);
  const wire = await bench.client('CONNECT {"user":"u"');
  wire.input(' '.repeat(5000));
  await until(() => wire.isEnded || wire.isDestroyed);
  assert.match(wire.text, /-ERR 'maximum control line exceeded'\r\n$/);
  assert.equal(bench.errors, ['maximum control line exceeded']);
  await bench.server.close();
});

test.run();
