import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { ACCOUNT_MISTAKES } from './account-mistakes.ts';
import { ACME, accountToken, BOB, operatorToken, pairOf, SYSTEM, userToken } from './issuer.ts';
import { OperatorBench, resolverPlugin, TestResolver, usualTokens } from './operator-bench.ts';

const system = accountToken(SYSTEM, {}, { name: 'SYS' });
const plain = await accountToken(ACME);
const tokens = await usualTokens(Promise.resolve(plain), system);
const bob = await userToken();
const acme = ACME.getPublicKey();

test('nothing is loaded before somebody asks for it, but the system account', async () => {
  const bench = await OperatorBench.start({ tokens });
  assert.equal(bench.accounts.asked, [SYSTEM.getPublicKey()]);
  assert.is(bench.server.broker.accounts.system!.name, SYSTEM.getPublicKey());
  assert.is(bench.server.broker.accounts.get('$SYS'), undefined);
  assert.is(bench.accounts.host!.isActive(acme), false);
  await bench.welcome(bob);
  assert.is(bench.accounts.host!.isActive(acme), true);
  await bench.server.close();
});

test('logins that wait for one account ask for it once', async () => {
  const bench = await OperatorBench.start({ tokens });
  const answers = await Promise.all(Array.from({ length: 20 }, () => bench.answer(bob)));
  assert.equal(new Set(answers), new Set([WELCOME]));
  assert.is(bench.accounts.asked.filter((key) => key === acme).length, 1);
  await bench.server.close();
});

test('a resolver that does not answer keeps nobody waiting longer than it may', async () => {
  const bench = await OperatorBench.start({ tokens });
  bench.accounts.answer = () => new Promise(() => {});
  const wires = [await bench.login(bob), await bench.login(bob)];
  await until(() => bench.accounts.asked.includes(acme));
  await bench.ports.clock.advance(1_900);
  for (const wire of wires) assert.is(await bench.reply(wire), REFUSED);
  assert.match(bench.errors.at(-1)!, /Account JWT lookup error: fetching jwt timed out/);
  await bench.server.close();
});

test('the time a resolver may take is an option', async () => {
  const resolver = new TestResolver();
  const bench = await OperatorBench.compose({
    resolver: '{type: slow, timeout: "300ms"}',
    plugins: [resolverPlugin(resolver, 'slow')],
  });
  resolver.tokens.set(SYSTEM.getPublicKey(), await system);
  await bench.server.start();
  resolver.answer = () => new Promise(() => {});
  const wire = await bench.login(bob);
  await until(() => resolver.asked.includes(acme));
  await bench.ports.clock.advance(299);
  assert.not(wire.isEnded);
  await bench.ports.clock.advance(1);
  assert.is(await bench.reply(wire), REFUSED);
  await bench.server.close();
});

test('a resolver that is down refuses, says why, and is asked again after a second', async () => {
  const bench = await OperatorBench.start({ tokens });
  bench.accounts.answer = async () => {
    throw new Error('connection refused');
  };
  for (let login = 0; login < 3; login++) assert.is(await bench.answer(bob), REFUSED);
  assert.match(bench.errors.at(-1)!, /Account JWT lookup error: connection refused/);
  assert.is(bench.accounts.asked.filter((key) => key === acme).length, 1);
  bench.accounts.answer = null;
  await bench.ports.clock.advance(1_000);
  assert.is(await bench.answer(bob), WELCOME);
  await bench.server.close();
});

test('a resolver that throws at once is no better than one that rejects', async () => {
  const bench = await OperatorBench.start({ tokens });
  bench.accounts.answer = () => {
    throw new Error('bang');
  };
  assert.is(await bench.answer(bob), REFUSED);
  assert.match(bench.errors.at(-1)!, /Account JWT lookup error: bang/);
  await bench.server.close();
});

for (const [what, garbage] of [
  ['nothing', ''],
  ['a page', '<html>404</html>'],
  ['half a token', plain.slice(0, 100)],
  ['a token of a user', bob],
] as const) {
  test(`a resolver that answers ${what} refuses`, async () => {
    const bench = await OperatorBench.start({ tokens });
    bench.accounts.answer = async () => garbage;
    assert.is(await bench.answer(bob), REFUSED);
    assert.match(bench.errors.at(-1)!, /Account JWT lookup error: account validation failed: /);
    await bench.server.close();
  });
}

test('what was missing is found as soon as it is pushed', async () => {
  const bench = await OperatorBench.start({ tokens });
  bench.accounts.tokens.delete(acme);
  assert.is(await bench.answer(bob), REFUSED);
  assert.is(await bench.push(ACME, plain), null);
  assert.is(await bench.answer(bob), WELCOME);
  await bench.server.close();
});

test('accounts that are missing are remembered for a second', async () => {
  const bench = await OperatorBench.start({ tokens });
  const missing = async (seed: number): Promise<void> => {
    const pair = pairOf('account', seed);
    await bench.server.broker.resolveAccount(pair.getPublicKey());
  };
  for (let seed = 10; seed < 250; seed++) await missing(seed);
  const { asked } = bench.accounts;
  const before = asked.length;
  for (let seed = 10; seed < 250; seed++) await missing(seed);
  assert.is(asked.length, before, 'within the second nobody is asked again');
  await bench.ports.clock.advance(1_000);
  await missing(10);
  assert.is(asked.length, before + 1);
  await bench.server.close();
});

test('what is no key of an account is never asked for', async () => {
  const bench = await OperatorBench.start({ tokens });
  bench.accounts.asked.length = 0;
  for (const issuer of ['../../etc/passwd', BOB.getPublicKey(), `${acme.slice(0, -1)}A`]) {
    await bench.server.broker.resolveAccount(issuer);
    assert.is(await bench.answer(await userToken({ issuer_account: issuer })), REFUSED);
  }
  assert.equal(bench.accounts.asked, []);
  await bench.server.close();
});

test('an account wanted by somebody else than a login is loaded too', async () => {
  const bench = await OperatorBench.start({
    tokens: new Map([...tokens, [ACME, await accountToken(ACME, { limits: { conn: 7 } })]]),
  });
  await bench.server.broker.resolveAccount(acme);
  assert.is(bench.server.broker.accounts.get(acme)!.limits.maxConnections, 7);
  await bench.server.close();
});

test("limits, mappings and trace of the token are the account's; what is left out is 0", async () => {
  const full = {
    limits: { conn: 5, subs: 6, payload: 7 },
    mappings: { a: [{ subject: 'b', weight: 100 }], c: [{ subject: 'd' }] },
    trace: { dest: 'trace.here', sampling: 25 },
  } as object;
  const bench = await OperatorBench.start({ tokens: new Map([...tokens, [ACME, await accountToken(ACME, full)]]) });
  await bench.server.broker.resolveAccount(acme);
  const account = bench.server.broker.accounts.get(acme)!;
  assert.equal(account.limits, { maxConnections: 5, maxLinks: -1, maxSubscriptions: 6, maxPayload: 7 });
  assert.is(account.mappings!.apply('a'), 'b');
  assert.is(account.mappings!.apply('c'), 'd');
  assert.equal(account.trace, { subject: 'trace.here', samplingPercent: 25 });
  await bench.server.close();
});

for (const [what, [account, text]] of Object.entries(ACCOUNT_MISTAKES)) {
  test(`an account with ${what} is not loaded`, async () => {
    const bench = await OperatorBench.start({
      tokens: new Map([...tokens, [ACME, await accountToken(ACME, account)]]),
    });
    await bench.server.broker.resolveAccount(acme);
    assert.is(bench.server.broker.accounts.get(acme), undefined);
    const said = bench.log.filter((line) => line.includes(`Account [${acme}] was found, but cannot be used`));
    assert.ok(said.length === 1 && said[0]!.includes(text), said[0]);
    await bench.server.close();
  });
}

test('without the token of the system account a memory resolver is of no use', async () => {
  const bench = await OperatorBench.compose();
  let message = '';
  await bench.server.start().catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /error resolving system account: account missing/);
});

test('where accounts are yet to be pushed, the system account serves whom its own key vouches for', async () => {
  const resolver = new TestResolver();
  const options = { resolver: '{type: full, dir: "jwt"}', plugins: [resolverPlugin(resolver, 'full')] };
  const bench = await OperatorBench.start(options);
  const root = await userToken({}, {}, BOB, SYSTEM);
  const wire = await bench.welcome(root);
  assert.is(await bench.say(wire, 'SUB x 1\r\nPUB x 0\r\n\r\n'), 'MSG x 1 0\r\n\r\nPONG\r\n');
  resolver.tokens.set(SYSTEM.getPublicKey(), await system);
  assert.is(await resolver.host!.apply(SYSTEM.getPublicKey(), await system), null);
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.welcome(root);
  await bench.server.close();
});

test('the resolver is told what stands in its block, and closed with the broker', async () => {
  const resolver = new TestResolver();
  const block =
    '{type: FULL, dir: "jwt", allow_delete: true, hard_delete: true, limit: 5, interval: "2m", timeout: "3s", special: 1}';
  const bench = await OperatorBench.start({
    resolver: block,
    text: `resolver_preload { ${acme}: ${plain} }`,
    plugins: [resolverPlugin(resolver, 'full')],
  });
  const { preloads, block: node, tls, ...options } = resolver.options!;
  assert.equal(options, {
    type: 'full',
    url: '',
    folder: 'jwt',
    allowsDelete: true,
    deletesForGood: true,
    accountsMax: 5,
    syncIntervalMs: 120_000,
    timeoutMs: 3_000,
    ttlMs: 0,
  });
  assert.equal([...preloads], [[acme, plain]]);
  assert.is(node!.kind, 'map');
  assert.is(tls, null);
  await bench.server.close();
});

test('a type that no plugin keeps is named, with those there are', async () => {
  const bench = await OperatorBench.compose({ resolver: '{type: carrier-pigeon}' });
  let message = '';
  await bench.server.start().catch((error: Error) => {
    message = error.message;
  });
  assert.match(
    message,
    /no plugin keeps accounts in a resolver of type "carrier-pigeon"; the types of this broker: "memory"/,
  );
});

test('a preload that is forged keeps the broker from starting', async () => {
  const forged = await accountToken(ACME, {}, { signer: pairOf('operator', 99) });
  const body = forged.split('.').slice(0, 2).join('.');
  const bench = await OperatorBench.compose({ text: `resolver_preload { ${acme}: ${body}.${plain.split('.')[2]} }` });
  let message = '';
  await bench.server.start().catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, new RegExp(`preload account error for "${acme}": claim failed V2 signature verification`));
});

test('of whom a resolver deletes for is asked first', async () => {
  const bench = await OperatorBench.start({ tokens });
  const { host } = bench.accounts;
  const { OPERATOR, signedToken } = await import('./issuer.ts');
  const request = (accounts: unknown, by = OPERATOR, about = by): string =>
    signedToken(
      {
        iss: by.getPublicKey(),
        sub: about.getPublicKey(),
        iat: 1,
        jti: 'x',
        nats: { type: 'generic', version: 2, accounts },
      },
      by,
    );
  const good = { subject: OPERATOR.getPublicKey(), accountKeys: [acme] };
  assert.equal(await host!.checkDelete(request([acme])), good);
  assert.equal(await host!.checkDelete(request([acme], OPERATOR, ACME)), { failure: 'not self signed' });
  assert.equal(await host!.checkDelete(request([acme], pairOf('operator', 99))), { failure: 'not trusted' });
  assert.equal(await host!.checkDelete(request('all')), { failure: 'malformed request' });
  const systemToo = request([acme, SYSTEM.getPublicKey()]);
  assert.equal(await host!.checkDelete(systemToo), { failure: 'not allowed to delete system account' });
  await bench.server.close();
});

test('tokens to be stored are checked for all but their time', async () => {
  const bench = await OperatorBench.start({ tokens });
  const { host } = bench.accounts;
  const late = await accountToken(ACME, {}, { exp: 1000 });
  const checked = await host!.check(late);
  assert.is('failure' in checked ? checked.failure : checked.accountKey, acme);
  assert.is('failure' in checked ? 0 : checked.expiresAt, 1000);
  assert.equal(await host!.check(await accountToken(ACME, {}, { signer: pairOf('operator', 9) })), {
    failure: 'not trusted',
  });
  assert.equal(await host!.check('x'), { failure: 'expected 3 chunks' });
  await bench.server.close();
});

test('who the operator is stands in the log', async () => {
  const bench = await OperatorBench.start({ tokens, operator: await operatorToken() });
  assert.ok(bench.log.includes('info Trusted Operators'));
  assert.ok(bench.log.includes('info   Operator: "O"'));
  assert.ok(bench.log.includes('info   Expires : Never'));
  await bench.server.close();
});

test.run();
