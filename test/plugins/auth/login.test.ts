import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectInProcess } from '../../../kernel/in-process.ts';
import { AuthBench, connectLine, infoOf, REFUSED, until, WELCOME } from './auth-bench.ts';
import { Signer } from './signer.ts';

const BCRYPT = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
const signer = new Signer(7);
const other = new Signer(8);

test('without anything configured nobody is asked who they are', async () => {
  const bench = await AuthBench.start('authorization { users: [] }');
  assert.is(bench.server.broker.hooks.connectionAuthenticate.slot, null);
  assert.is((await bench.info()).auth_required, undefined);
  const wire = await bench.client();
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.server.close();
});

test('a user with the right password is let in and everybody else is refused alike', async () => {
  const bench = await AuthBench.start(
    `authorization { users: [{user: u, password: p}, {user: b, password: "${BCRYPT}"}] }`,
  );
  assert.is((await bench.info()).auth_required, true);
  assert.is((await bench.info()).nonce, undefined);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  assert.is(await bench.answer({ user: 'b', pass: 's3cret' }), WELCOME);
  for (const wrong of [{}, { user: 'u' }, { user: 'u', pass: 'q' }, { user: 'w', pass: 'p' }, { auth_token: 'p' }]) {
    assert.is(await bench.answer(wrong), REFUSED);
  }
  assert.is(await bench.answer({ user: 'b', pass: BCRYPT }), REFUSED);
  await bench.server.close();
});

test('the log says who was refused, and no secret', async () => {
  const bench = await AuthBench.start('authorization { users: [{user: u, password: p}] }');
  await bench.answer({ user: 'u', pass: 'hidden' });
  await bench.answer({ auth_token: 'hidden' });
  await bench.answer({ nkey: 'UABC', user: 'u', sig: 'hidden' });
  await bench.answer({});
  await bench.answer({ user: 'x"\r\nforged' });
  assert.equal(bench.errors, [
    'authentication error - User "u"',
    'authentication error - Token "[REDACTED]"',
    'authentication error - Nkey "UABC"',
    'authentication error',
    'authentication error - User "x\\"\\r\\nforged"',
  ]);
  await bench.server.close();
});

test('a plain password is warned of at the start, a token and bcrypt are not', async () => {
  const warning = 'warn Plaintext passwords detected, use nkeys or bcrypt';
  const isWarned = async (text: string): Promise<boolean> => {
    const bench = await AuthBench.start(text);
    await bench.server.close();
    return bench.log.includes(warning);
  };
  assert.is(await isWarned('authorization { users: [{user: u, password: p}] }'), true);
  assert.is(await isWarned('authorization { user: u, password: p }'), true);
  assert.is(await isWarned('authorization { token: t }'), false);
  assert.is(await isWarned(`authorization { user: u, password: "${BCRYPT}" }`), false);
  assert.is(await isWarned(`authorization { users: [{nkey: ${signer.nkey}}] }`), false);
});

test('a token or a single user is compared with what belongs to it only', async () => {
  const token = await AuthBench.start('authorization { token: t }');
  assert.is(await token.answer({ user: 'x', auth_token: 't' }), WELCOME);
  assert.is(await token.answer({ user: 't', pass: 't' }), REFUSED);
  await token.server.close();
  const single = await AuthBench.start('authorization { user: u, password: p }');
  assert.is(await single.answer({ user: 'u', pass: 'p', auth_token: 'x' }), WELCOME);
  assert.is(await single.answer({ auth_token: 'p' }), REFUSED);
  await single.server.close();
});

test('a key lets in whoever signs this nonce with it', async () => {
  const bench = await AuthBench.start(`authorization { users: [{nkey: ${signer.nkey}}, {user: u, password: p}] }`);
  const login = async (nkey: string, sign: (nonce: string) => string): Promise<string> => {
    const wire = await bench.client();
    const { nonce } = infoOf(wire);
    return bench.say(wire, connectLine({ nkey, sig: sign(nonce as string) }));
  };
  assert.is(await login(signer.nkey, (nonce) => signer.sign(nonce)), WELCOME);
  assert.is(await login(signer.nkey, (nonce) => signer.signPadded(nonce)), WELCOME);
  assert.is(await login(signer.nkey, (nonce) => other.sign(nonce)), REFUSED);
  assert.is(await login(other.nkey, (nonce) => other.sign(nonce)), REFUSED);
  assert.is(await login(signer.nkey, (nonce) => signer.sign(`${nonce}x`)), REFUSED);
  assert.is(await login(signer.nkey, () => ''), REFUSED);
  assert.is(await login(signer.nkey, () => '!'.repeat(86)), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), WELCOME);
  await bench.server.close();
});

test('the signature of another connection is worth nothing', async () => {
  const bench = await AuthBench.start(`authorization { users: [{nkey: ${signer.nkey}}] }`);
  const first = await bench.client();
  const { nonce } = infoOf(first);
  const replay = connectLine({ nkey: signer.nkey, sig: signer.sign(nonce as string) });
  assert.is(await bench.say(first, replay), WELCOME);
  const second = await bench.client();
  assert.is(await bench.say(second, replay), REFUSED);
  await bench.server.close();
});

test('whoever brings nothing is the no_auth_user, and INFO asks nobody', async () => {
  const bench = await AuthBench.start(
    'no_auth_user: u\nauthorization { users: [{user: u, password: p, permissions: {publish: a}}] }',
  );
  assert.is((await bench.info()).auth_required, undefined);
  const violation = `-ERR 'Permissions Violation for Publish to "b"'\r\n`;
  const wire = await bench.client(connectLine({}));
  assert.is(await bench.say(wire, 'PUB b 0\r\n\r\n'), violation + WELCOME);
  const silent = await bench.client();
  assert.is(await bench.say(silent, 'PUB b 0\r\n\r\n'), violation + WELCOME);
  assert.is(await bench.answer({ user: 'u', pass: 'q' }), REFUSED);
  await bench.server.close();
});

test('a key as no_auth_user needs no signature, but a CONNECT', async () => {
  const bench = await AuthBench.start(
    `no_auth_user: ${signer.nkey}\nauthorization { users: [{nkey: ${signer.nkey}}] }`,
  );
  assert.is(await bench.answer({}), WELCOME);
  const silent = await bench.client();
  assert.is(await bench.say(silent, ''), REFUSED);
  await bench.server.close();
});

test('users of the system account alone lock nobody else out', async () => {
  const bench = await AuthBench.start('accounts { $SYS { users: [{user: s, password: p}] } }');
  assert.is((await bench.info()).auth_required, true);
  const wire = await bench.client(connectLine({}));
  await bench.reply(await bench.client(`${connectLine({ user: 's', pass: 'p' })}PING\r\n`));
  assert.is(await bench.say(wire, ''), WELCOME);
  const [global] = [...bench.server.broker.connections.values()];
  assert.is(global?.account.name, '$G');
  assert.is(await bench.answer({ user: 'x', pass: 'y' }), REFUSED);
  await bench.server.close();
  const strict = await AuthBench.start('accounts { $SYS { users: [{user: s, password: p}] }, A {} }');
  assert.is(await strict.answer({}), REFUSED);
  await strict.server.close();
});

test('users are in the account that lists them', async () => {
  const bench = await AuthBench.start(
    'accounts { A { users: [{user: a, password: p}] }, B { users: [{user: b, password: p}] } }',
  );
  const a = await bench.client(`${connectLine({ user: 'a', pass: 'p' })}SUB x 1\r\nPING\r\n`);
  await bench.reply(a);
  const b = await bench.client(`${connectLine({ user: 'b', pass: 'p' })}SUB x 1\r\nPING\r\n`);
  await bench.reply(b);
  assert.is(await bench.say(b, 'PUB x 0\r\n\r\n'), `MSG x 1 0\r\n\r\n${WELCOME}`);
  assert.is(await bench.say(a, ''), WELCOME);
  await bench.server.close();
});

test('a user may be tied to kinds of connections', async () => {
  const bench = await AuthBench.start(
    'authorization { users: [{user: s, password: p, connection_types: standard}, {user: i, password: p, connection_types: [IN_PROCESS]}] }',
  );
  assert.is(await bench.answer({ user: 's', pass: 'p' }), WELCOME);
  assert.is(await bench.answer({ user: 'i', pass: 'p' }), REFUSED);
  const received: Buffer[] = [];
  const near = connectInProcess(bench.server.broker).duplex();
  near.on('data', (bytes: Buffer) => void received.push(bytes));
  near.write(`${connectLine({ user: 'i', pass: 'p' })}PING\r\n`);
  await until(() => Buffer.concat(received).includes('PONG'));
  near.destroy();
  await bench.server.close();
});

test('a user who must come through a proxy is let in with the word of one that is trusted', async () => {
  const bench = await AuthBench.start(
    `proxies { trusted: [{key: ${other.nkey}}] }\nauthorization { users: [{user: u, password: p, proxy_required: true}, {user: v, password: p}] }`,
  );
  const reasons: string[] = [];
  bench.server.broker.hooks.connectionClosed.tap({ plugin: 'test', rank: 0 }, (_, reason) => void reasons.push(reason));
  const login = async (user: string, sign: (nonce: string) => string): Promise<string> => {
    const wire = await bench.client();
    const proxy_sig = sign(infoOf(wire).nonce as string);
    return bench.say(wire, connectLine({ user, pass: 'p', proxy_sig }));
  };
  assert.is(await login('u', (nonce) => other.sign(nonce)), WELCOME);
  assert.is(await login('v', () => ''), WELCOME);
  assert.is(await login('u', () => ''), REFUSED);
  assert.is(await login('v', (nonce) => signer.sign(nonce)), REFUSED);
  assert.is(await login('v', (nonce) => other.signPadded(nonce)), REFUSED);
  assert.equal(reasons, ['Proxy Required', 'Proxy Not Trusted', 'Proxy Not Trusted']);
  await bench.server.close();
});

test('a client that does not log in within authorization.timeout is told so', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, timeout: 0.5 }');
  const wire = await bench.client();
  await bench.ports.clock.advance(499);
  assert.is(wire.isEnded, false);
  await bench.ports.clock.advance(1);
  assert.match(wire.text, /-ERR 'Authentication Timeout'\r\n$/);
  await bench.server.close();
});

test('an address that failed too often is refused even with the right password, until its time is over', async () => {
  const bench = await AuthBench.start(
    'authorization { user: u, password: p, max_failed_logins: 3, failed_login_window: "10s" }',
  );
  const guess = { user: 'u', pass: 'wrong' };
  for (let attempt = 0; attempt < 3; attempt++) assert.is(await bench.answer(guess, '10.0.0.1'), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }, '10.0.0.1'), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }, '10.0.0.2'), WELCOME);
  const warnings = bench.log.filter((line) => line.includes('logins from 10.0.0.1 have failed'));
  assert.is(warnings.length, 1);
  await bench.ports.clock.advance(10_000);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }, '10.0.0.1'), WELCOME);
  await bench.server.close();
});

test('addresses of one IPv6 network are counted together', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, max_failed_logins: 1 }');
  assert.is(await bench.answer({ user: 'u' }, '2001:db8::1'), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }, '2001:db8:0:0:1:2:3:4'), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }, '2001:db8:0:1::1'), WELCOME);
  await bench.server.close();
});

test.run();
