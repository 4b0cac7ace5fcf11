import { newScopedSigner } from '@nats-io/jwt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, WELCOME } from '../auth/auth-bench.ts';
import { ACME, ACME_SIGNER, accountToken, BOB, pairOf, payloadOf, SYSTEM, userToken } from './issuer.ts';
import { OperatorBench, usualTokens } from './operator-bench.ts';

const system = accountToken(SYSTEM, {}, { name: 'SYS' });
const plain = await accountToken(ACME, { signing_keys: [ACME_SIGNER.getPublicKey()] });
const tokens = await usualTokens(Promise.resolve(plain), system);
const bob = await userToken();
const bobKey = BOB.getPublicKey();
const bySigner = await userToken({ issuer_account: ACME.getPublicKey() }, {}, BOB, ACME_SIGNER);
const issuedAt = payloadOf(bob).iat as number;
/** The bench's clock begins here. */
const NOW = Date.UTC(2020, 0, 1) / 1000;

function acme(account: object, times: object = {}): Promise<string> {
  return accountToken(ACME, { signing_keys: [ACME_SIGNER.getPublicKey()], ...account }, times);
}

function reasons(bench: OperatorBench): string[] {
  const seen: string[] = [];
  bench.server.broker.hooks.connectionClosed.tap(
    { plugin: 'test', rank: 0 },
    (_connection, reason) => void seen.push(reason),
  );
  return seen;
}

test('a user who is revoked is told, and sent away', async () => {
  const bench = await OperatorBench.start({ tokens });
  const seen = reasons(bench);
  const wire = await bench.welcome(bob);
  assert.is(await bench.push(ACME, await acme({ revocations: { [bobKey]: issuedAt } })), null);
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Revoked'\r\n<end>");
  assert.equal(seen, ['Credentials Revoked']);
  assert.is(await bench.answer(bob), REFUSED);
  await bench.server.close();
});

test('everybody can be revoked at once, and a newer token counts again', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  await bench.push(ACME, await acme({ revocations: { '*': issuedAt - 1 } }));
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.push(ACME, await acme({ revocations: { '*': issuedAt + 1 } }));
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Revoked'\r\n<end>");
  await bench.server.close();
});

test('bearers have to leave an account that takes them no more', async () => {
  const bench = await OperatorBench.start({ tokens });
  const seen = reasons(bench);
  const bearer = await bench.welcome(await userToken({ bearer_token: true }), null);
  const other = await bench.welcome(bob);
  await bench.push(ACME, await acme({ limits: { disallow_bearer: true } }));
  assert.is(await bench.reply(bearer), REFUSED);
  assert.equal(seen, ['Authentication Failure']);
  assert.is(await bench.say(other, ''), WELCOME);
  await bench.server.close();
});

test('of too many connections the newest have to go', async () => {
  const bench = await OperatorBench.start({ tokens });
  const first = await bench.welcome(bob);
  const second = await bench.welcome(bob);
  await bench.push(ACME, await acme({ limits: { conn: 1 } }));
  assert.is(await bench.reply(second), "-ERR 'maximum account active connections exceeded'\r\n<end>");
  assert.is(await bench.say(first, ''), WELCOME);
  assert.is(await bench.answer(bob), "-ERR 'maximum account active connections exceeded'\r\n<end>");
  await bench.server.close();
});

test('limits of subscriptions and payload hold for those who are there', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  await bench.push(ACME, await acme({ limits: { payload: 2, subs: 1 } }));
  assert.is(await bench.say(wire, 'SUB a 1\r\nSUB b 2\r\n'), "-ERR 'maximum subscriptions exceeded'\r\nPONG\r\n");
  wire.input('PUB a 3\r\nabc\r\n');
  assert.is(await bench.reply(wire), "-ERR 'Maximum Payload Violation'\r\n<end>");
  await bench.server.close();
});

test('other default permissions hold at once, for those who have none of their own', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  const own = await bench.welcome(await userToken({ sub: { allow: ['>'] } }));
  await bench.say(wire, 'SUB secret 1\r\n');
  await bench.say(own, 'SUB secret 1\r\n');
  await bench.push(ACME, await acme({ default_permissions: { sub: { deny: ['secret'] } } }));
  const violation = `-ERR 'Permissions Violation for Subscription to "secret" (sid "1")'\r\n`;
  assert.is(await bench.say(wire, ''), `${violation}PONG\r\n`);
  assert.is(await bench.say(own, 'PUB secret 0\r\n\r\n'), 'MSG secret 1 0\r\n\r\nPONG\r\n');
  await bench.push(ACME, plain);
  assert.is(await bench.say(wire, 'SUB secret 1\r\n'), WELCOME);
  await bench.server.close();
});

test('who was signed by a key that is taken away is cut off without a word', async () => {
  const bench = await OperatorBench.start({ tokens });
  const seen = reasons(bench);
  const signed = await bench.welcome(bySigner);
  const direct = await bench.welcome(bob);
  await bench.push(ACME, await accountToken(ACME));
  assert.is(await bench.reply(signed), '<end>');
  assert.equal(seen, ['Authentication Failure']);
  assert.is(await bench.say(direct, ''), WELCOME);
  await bench.server.close();
});

test('so is who was signed by a key whose scope is another now', async () => {
  const scope = (subject: string) => newScopedSigner(ACME_SIGNER, 'r', { pub: { allow: [subject] } });
  const scoped = await accountToken(ACME, { signing_keys: [scope('a')] });
  const bench = await OperatorBench.start({ tokens: await usualTokens(Promise.resolve(scoped), system) });
  const options = { scopedUser: true } as object;
  const wire = await bench.welcome(await userToken({ issuer_account: ACME.getPublicKey() }, options, BOB, ACME_SIGNER));
  await bench.push(ACME, await accountToken(ACME, { signing_keys: [scope('a')], tags: ['new'] }));
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.push(ACME, await accountToken(ACME, { signing_keys: [scope('b')] }));
  assert.is(await bench.reply(wire), '<end>');
  await bench.server.close();
});

test('mappings change under way', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  await bench.say(wire, 'SUB new 1\r\n');
  await bench.push(ACME, await acme({ mappings: { old: [{ subject: 'new' }] } }));
  assert.is(await bench.say(wire, 'PUB old 0\r\n\r\n'), 'MSG new 1 0\r\n\r\nPONG\r\n');
  await bench.push(ACME, plain);
  assert.is(await bench.say(wire, 'PUB old 0\r\n\r\n'), WELCOME);
  await bench.server.close();
});

test('an account ends at its time, for those who are there and those who come', async () => {
  const dated = acme({}, { exp: NOW + 60 });
  const bench = await OperatorBench.start({ tokens: await usualTokens(dated, system) });
  const seen = reasons(bench);
  const wire = await bench.welcome(bob);
  await bench.ports.clock.advance(60_000);
  assert.is(await bench.reply(wire), "-ERR 'Account Authentication Expired'\r\n<end>");
  assert.equal(seen, ['Authentication Expired']);
  assert.is(await bench.answer(bob), REFUSED);
  assert.match(bench.errors.at(-1)!, /Account JWT lookup error: account expired/);
  await bench.server.close();
});

test('an account whose time is over goes on with a new token, pushed or found by the next who comes', async () => {
  const bench = await OperatorBench.start({ tokens: await usualTokens(acme({}, { exp: NOW + 60 }), system) });
  await bench.welcome(bob);
  await bench.ports.clock.advance(60_000);
  assert.is(await bench.push(ACME, await acme({}, { exp: NOW + 120 })), null);
  const wire = await bench.welcome(bob);
  await bench.ports.clock.advance(60_000);
  assert.is(await bench.reply(wire), "-ERR 'Account Authentication Expired'\r\n<end>");
  bench.accounts.tokens.set(ACME.getPublicKey(), plain);
  await bench.welcome(bob);
  await bench.server.close();
});

test('the token of an ended account is asked for once a second at most', async () => {
  const bench = await OperatorBench.start({ tokens: await usualTokens(acme({}, { exp: NOW + 60 }), system) });
  await bench.welcome(bob);
  await bench.ports.clock.advance(60_000);
  const { asked } = bench.accounts;
  asked.length = 0;
  for (let login = 0; login < 5; login++) await bench.answer(bob);
  assert.is(asked.length, 1);
  await bench.ports.clock.advance(1_000);
  for (let login = 0; login < 5; login++) await bench.answer(bob);
  assert.is(asked.length, 2);
  await bench.server.close();
});

test('an account that is deleted lets nobody in, and is back with a token', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  bench.accounts.tokens.delete(ACME.getPublicKey());
  bench.accounts.host!.removed(ACME.getPublicKey());
  assert.is(await bench.reply(wire), "-ERR 'Account Authentication Expired'\r\n<end>");
  assert.is(await bench.answer(bob), REFUSED);
  assert.is(await bench.push(ACME, plain), null);
  await bench.welcome(bob);
  await bench.server.close();
});

test('the same token again changes nothing', async () => {
  const bench = await OperatorBench.start({ tokens });
  await bench.welcome(bob);
  let changes = 0;
  bench.server.broker.hooks.accountChanged.tap({ plugin: 'test', rank: 0 }, async () => void changes++);
  assert.is(await bench.push(ACME, plain), null);
  assert.is(changes, 0);
  await bench.server.close();
});

test('a token that cannot be used changes nothing, and whoever sends it is told', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  const { host } = bench.accounts;
  const bad = [
    await accountToken(ACME, {}, { signer: pairOf('operator', 99) }),
    await acme({}, { exp: NOW - 1 }),
    await acme({ limits: { imports: 0 }, imports: [{ subject: 'x', account: SYSTEM.getPublicKey(), type: 'stream' }] }),
    tokens.get(SYSTEM)!,
  ];
  for (const token of bad) {
    assert.is(await host!.apply(ACME.getPublicKey(), token), 'account validation failed');
  }
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.server.close();
});

test('of tokens pushed at the same time the last one stands', async () => {
  const bench = await OperatorBench.start({ tokens });
  await bench.welcome(bob);
  const pushed = await Promise.all([1, 2, 3, 4].map((conn) => acme({ limits: { conn } })));
  await Promise.all(pushed.map((token) => bench.push(ACME, token)));
  assert.is(bench.server.broker.accounts.get(ACME.getPublicKey())!.limits.maxConnections, 4);
  await bench.server.close();
});

test('who is being let in while the account revokes it does not stay', async () => {
  const bench = await OperatorBench.start({ tokens });
  await bench.welcome(bob);
  const revoking = await acme({ revocations: { [bobKey]: issuedAt } });
  const { broker } = bench.server;
  let isPushed = false;
  const { resolveAccount } = broker;
  broker.resolveAccount = async (name) => {
    if (!isPushed) await bench.push(ACME, revoking);
    isPushed = true;
    return resolveAccount.call(broker, name);
  };
  const wire = await bench.login(bob);
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Revoked'\r\n<end>");
  await bench.server.close();
});

test.run();
