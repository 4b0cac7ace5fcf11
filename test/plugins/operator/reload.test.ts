import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { ACME, accountToken, BOB, OPERATOR, operatorToken, pairOf, SYSTEM, userToken } from './issuer.ts';
import { OperatorBench, type OperatorBenchOptions, resolverPlugin, TestResolver } from './operator-bench.ts';

const acme = ACME.getPublicKey();
const system = await accountToken(SYSTEM, {}, { name: 'SYS' });
const plain = await accountToken(ACME);
const bob = await userToken();

function preloads(...tokens: readonly (readonly [key: string, token: string])[]): OperatorBenchOptions {
  const lines = [[SYSTEM.getPublicKey(), system] as const, ...tokens].map(([key, token]) => `${key}: ${token}`);
  return { text: `resolver_preload {\n${lines.join('\n')}\n}` };
}

test('preloads change under way: accounts go by their new tokens', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  await bench.reload(preloads([acme, await accountToken(ACME, { limits: { payload: 1 } })]));
  wire.input('PUB a 2\r\nxx\r\n');
  assert.is(await bench.reply(wire), "-ERR 'Maximum Payload Violation'\r\n<end>");
  await bench.server.close();
});

test('an account that is no longer among the preloads is gone, with its clients', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  await bench.reload(preloads());
  assert.is(await bench.reply(wire), REFUSED);
  assert.ok(bench.log.includes(`info Reloaded: deleting account [removed]: "${acme}"`));
  assert.is(bench.server.broker.accounts.get(acme), undefined);
  assert.is(await bench.answer(bob), REFUSED);
  await bench.reload(preloads([acme, plain]));
  assert.is(await bench.answer(bob), WELCOME);
  await bench.server.close();
});

test('an account whose new token is of no use is gone, too', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  await bench.reload(preloads([acme, await accountToken(ACME, {}, { exp: 1000 })]));
  assert.is(await bench.reply(wire), REFUSED);
  assert.ok(bench.log.includes(`info Reloaded: deleting account [bad claims]: "${acme}"`));
  await bench.server.close();
});

test('accounts that stay as they are notice nothing', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  const other = pairOf('account', 30);
  await bench.reload(preloads([acme, plain], [other.getPublicKey(), await accountToken(other)]));
  assert.is(await bench.say(wire, ''), WELCOME);
  assert.is(await bench.answer(await userToken({}, {}, BOB, other)), WELCOME);
  await bench.server.close();
});

test('a forged preload, or none of the system account, changes nothing', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  const forged = `${plain.slice(0, plain.lastIndexOf('.'))}.${system.split('.')[2]}`;
  await failsWith(bench.reload(preloads([acme, forged])), /preload account error for "A\w+": claim failed V2/);
  await failsWith(bench.reload({ text: '' }), /error resolving system account: account missing/);
  assert.is(await bench.say(wire, ''), WELCOME);
  assert.is(await bench.answer(bob), WELCOME);
  await bench.server.close();
});

test('the sentinel and the pinned accounts change under way', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  assert.is(await bench.answer('', null), REFUSED);
  const { text } = preloads([acme, plain]);
  const sentinel = await userToken({ bearer_token: true });
  await bench.reload({ text: `${text}\ndefault_sentinel: ${sentinel}` });
  assert.is(await bench.answer('', null), WELCOME);
  await bench.reload({ text: `${text}\nresolver_pinned_accounts: ${SYSTEM.getPublicKey()}` });
  assert.is(await bench.answer(bob), REFUSED);
  await bench.server.close();
});

test('how long a resolver may take changes under way, and so does everything else of its block', async () => {
  const resolver = new TestResolver();
  resolver.tokens.set(SYSTEM.getPublicKey(), system);
  const slow = (timeout: string): OperatorBenchOptions => ({
    resolver: `{type: slow, timeout: "${timeout}"}`,
    plugins: [resolverPlugin(resolver, 'slow')],
  });
  const bench = await OperatorBench.start(slow('10s'));
  await bench.reload(slow('1s'));
  assert.is(resolver.options!.timeoutMs, 1000);
  assert.equal(resolver.calls, ['open', 'close', 'open']);
  resolver.answer = () => new Promise(() => {});
  const wire = await bench.login(bob);
  await until(() => resolver.asked.includes(acme));
  await bench.ports.clock.advance(1000);
  assert.is(await bench.reply(wire), REFUSED);
  await bench.server.close();
});

test('who is connected when the plugin is restarted is known afterwards', async () => {
  const sharing = definePlugin<number>({
    name: 'sharing-of-the-test',
    version: '1.0.0',
    api: [1],
    provides: [{ name: 'account.sharing', cardinality: 'one' }],
    config: { key: 'sharing_of_the_test', schema: { read: () => 1 } },
    register: (ctx) => void ctx.provide('account.sharing', { share() {}, exportsOf: () => [], importsOf: () => [] }),
  });
  const { text } = preloads([acme, plain]);
  const bench = await OperatorBench.start({ text, plugins: [sharing as PluginDefinition] });
  const wire = await bench.welcome(bob);
  await bench.server.host.reload(new Map([['sharing-of-the-test', 2]]));
  assert.is(await bench.say(wire, 'SUB a 1\r\nPUB a 0\r\n\r\n'), 'MSG a 1 0\r\n\r\nPONG\r\n');
  await bench.push(ACME, await accountToken(ACME, { revocations: { '*': 4_000_000_000 } }));
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Revoked'\r\n<end>");
  await bench.server.close();
});

test('who the operator is, and how accounts are kept, does not change under way', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const { text } = preloads([acme, plain]);
  const other = await operatorToken({ operator_service_urls: ['nats://x'] });
  const old = `old=[${OPERATOR.getPublicKey()}], new=[${OPERATOR.getPublicKey()}]`;
  await failsWith(bench.reload({ text, operator: other }), `config reload not supported for TrustedOperators: ${old}`);
  const moved = 'config reload does not support moving to or from an account resolver';
  await failsWith(bench.reload({ text, resolver: '{type: full, dir: x}' }), moved);
  await bench.server.close();
});

test('a reload of the login asks everybody again, and those with tokens stay', async () => {
  const bench = await OperatorBench.start(preloads([acme, plain]));
  const wire = await bench.welcome(bob);
  await bench.say(wire, 'SUB a 1\r\n');
  await bench.reload({ text: `${preloads([acme, plain]).text}\nauthorization { timeout: 5 }` });
  assert.is(await bench.say(wire, 'PUB a 0\r\n\r\n'), 'MSG a 1 0\r\n\r\nPONG\r\n');
  await bench.server.close();
});

async function failsWith(reload: Promise<void>, text: RegExp | string): Promise<void> {
  let message = '';
  await reload.catch((error: Error) => {
    message = error.message;
  });
  if (typeof text === 'string') assert.ok(message.includes(text), message);
  else assert.match(message, text);
}

test.run();
