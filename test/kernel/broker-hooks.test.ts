import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import type { Advisory } from '../../kernel/broker-report.ts';
import { refuse } from '../../kernel/hooks/refusal.ts';
import { definePlugin } from '../../kernel/host/plugin-definition.ts';
import { SILENT_LOG } from '../../kernel/log.ts';
import { Server } from '../../kernel/server.ts';
import { BrokerBench, QUIET, TestWire } from '../kits/broker-bench.ts';
import { createFakePorts } from '../kits/fake-ports.ts';

const OWNER = { plugin: 'test', rank: 0 };

test('a plugin may refuse a connection before a byte is sent, and admit it', async () => {
  const { broker } = new BrokerBench();
  broker.hooks.connectionAccept.tap(OWNER, ({ remote }) => (remote.port === 1 ? refuse('not you') : undefined));
  const [refused, admitted] = [new TestWire(), new TestWire()];
  Object.assign(refused.remote, { port: 1 });
  for (const wire of [refused, admitted]) broker.listener.accept(wire);
  await new BrokerBench().turn();
  assert.ok(refused.isDestroyed);
  assert.is(refused.text, '');
  assert.match(admitted.text, /^INFO /);
});

test('an account that is not there is asked for when somebody belongs to it', async () => {
  const bench = new BrokerBench();
  const { hooks, accounts } = bench.broker;
  const told: string[] = [];
  hooks.connectionAuthenticate.tap(OWNER, (_connection, { user }) => ({ account: user, user, permissions: null }));
  hooks.accountResolve.tap(OWNER, (name) => (name === 'KNOWN' ? { limits: { maxSubscriptions: 1 } } : undefined));
  hooks.accountCreated.tap(OWNER, ({ name }) => void told.push(`created ${name}`));
  hooks.accountChanged.tap(OWNER, ({ name }) => void told.push(`changed ${name}`));
  const login = (user: string) => bench.client(`CONNECT {"verbose":false,"user":"${user}"}\r\nPING\r\n`);
  const [known, unknown] = [await login('KNOWN'), await login('UNKNOWN')];
  known.input('SUB a 1\r\nSUB b 2\r\n');
  await bench.turn();
  assert.is(known.text, "-ERR 'maximum subscriptions exceeded'\r\n");
  assert.ok(unknown.isEnded);
  bench.broker.configureAccount({ name: 'KNOWN', limits: { maxSubscriptions: 2 } });
  assert.is(accounts.get('KNOWN')?.limits.maxSubscriptions, 2);
  assert.equal(told, ['created KNOWN', 'changed KNOWN']);
});

test('a refused login is told to those who listen for it', async () => {
  const bench = new BrokerBench();
  const advisories: Advisory[] = [];
  bench.broker.hooks.connectionAuthenticate.tap(OWNER, () => refuse('wrong password'));
  bench.broker.hooks.systemAdvisory.tap(OWNER, (_account, advisory) => void advisories.push(advisory));
  await bench.client();
  assert.equal(
    advisories.map(({ type, reason }) => [type, reason]),
    [['authentication.refused', 'wrong password']],
  );
});

test('a login that no plugin decides ends after ten seconds, and the plugin is named', async () => {
  const bench = new BrokerBench();
  const advisories: Advisory[] = [];
  bench.broker.hooks.connectionAuthenticate.tap(OWNER, () => new Promise(() => {}));
  bench.broker.hooks.systemAdvisory.tap(OWNER, (_account, advisory) => void advisories.push(advisory));
  const wire = await bench.client();
  assert.not.ok(wire.isPaused, 'who waits for a verdict is still listened to, or nobody would see it leave');
  await bench.ports.clock.advance(9999);
  assert.not.ok(wire.isEnded);
  await bench.ports.clock.advance(2);
  await bench.turn();
  assert.ok(wire.isEnded);
  assert.is(wire.text, "-ERR 'Authorization Violation'\r\n");
  assert.match(advisories[0]?.reason ?? '', /^no verdict from test: /);
});

test('a client that leaves while it is decided about is gone at once', async () => {
  const bench = new BrokerBench();
  const closed: string[] = [];
  bench.broker.hooks.connectionAuthenticate.tap(OWNER, () => new Promise(() => {}));
  bench.broker.hooks.connectionClosed.tap(OWNER, (_connection, reason) => void closed.push(reason));
  const wire = await bench.client();
  wire.receiver?.onClosed(null);
  assert.equal(closed, ['Client Closed']);
  assert.is(bench.broker.connections.size, 0);
});

test('a connection that no plugin decides about is not admitted', async () => {
  const bench = new BrokerBench();
  bench.broker.hooks.connectionAccept.tap(OWNER, () => new Promise(() => {}));
  const wire = new TestWire();
  bench.broker.listener.accept(wire);
  await bench.ports.clock.advance(10_001);
  assert.ok(wire.isDestroyed);
});

test('a plugin that refuses a subscription, or throws over it, makes it a violation', async () => {
  for (const answer of [
    () => refuse('no'),
    () => {
      throw new Error('broken');
    },
  ]) {
    const bench = new BrokerBench({}, () => {});
    bench.broker.hooks.subscriptionCheck.tap(OWNER, answer);
    const wire = await bench.client();
    wire.input('SUB a 1\r\nSUB b q 2\r\n');
    await bench.turn();
    const violation = "-ERR 'Permissions Violation for Subscription to";
    assert.is(wire.text, `${violation} "a"'\r\n${violation} "b" using queue "q"'\r\n`);
  }
});

test('new limits of an account hold for those who are connected', async () => {
  const bench = new BrokerBench();
  const [first, second, third] = [await bench.client(), await bench.client(), await bench.client()];
  first.input('SUB a 1\r\nSUB b 2\r\n');
  bench.broker.configureAccount({ name: '$G', limits: { maxSubscriptions: 1, maxPayload: 3, maxConnections: 2 } });
  second.input('PUB a 4\r\n');
  await bench.turn();
  assert.is(first.text, "-ERR 'maximum subscriptions exceeded'\r\n");
  assert.is(second.text, "-ERR 'Maximum Payload Violation'\r\n");
  bench.broker.configureAccount({ name: '$G', limits: { maxConnections: 0 } });
  await bench.turn();
  assert.is(third.text, "-ERR 'maximum account active connections exceeded'\r\n");
  for (const wire of [first, second, third]) assert.ok(wire.isEnded);
});

test('a message that a receiver cannot take is told with the reason', async () => {
  const bench = new BrokerBench({ maxPending: 1000, maxPayload: 1000 });
  const dropped: string[] = [];
  bench.broker.hooks.deliveryDropped.tap(OWNER, (subscription, message, reason) => {
    dropped.push(`${message.subject} for ${subscription.pattern}: ${reason}`);
  });
  const [stuck, publisher] = [await bench.client(), await bench.client()];
  stuck.input('SUB a.* 1\r\n');
  stuck.isStuck = true;
  for (let sent = 0; sent < 3; sent++) publisher.input(`PUB a.b 500\r\n${'x'.repeat(500)}\r\n`);
  await bench.turn();
  assert.equal(dropped, ['a.b for a.*: closed']);
});

test('whoever asks for figures gets those of plugins too', async () => {
  const bench = new BrokerBench();
  bench.broker.hooks.statsCollect.tap(OWNER, ({ more }) => {
    more.bicycles = 2;
  });
  const client = await bench.client();
  client.input('SUB a 1\r\nPUB a 2\r\nhi\r\n');
  await bench.turn();
  const { connections, subscriptions, traffic, more } = bench.broker.statistics();
  assert.equal({ connections, subscriptions, more }, { connections: 1, subscriptions: 1, more: { bicycles: 2 } });
  assert.equal(traffic, { inMessages: 1, outMessages: 1, inBytes: 2, outBytes: 2 });
});

test('a plugin may change the options before anything opens', async () => {
  const plugin = definePlugin({
    name: 'strict',
    version: '1.0.0',
    api: [1],
    register(ctx) {
      ctx.tap('server.configure', (options) => ({ ...options, maxPayload: 3 }));
    },
  });
  const options = { ...DEFAULT_BROKER_OPTIONS, port: null };
  const server = new Server({
    options,
    plugins: [{ definition: plugin }],
    ports: createFakePorts(),
    log: SILENT_LOG,
  });
  await server.start();
  const wire = new TestWire();
  server.broker.listener.accept(wire);
  wire.input(`${QUIET}PUB a 4\r\n`);
  await new BrokerBench().turn();
  assert.match(wire.text, /"max_payload":3,.*-ERR 'Maximum Payload Violation'\r\n$/s);
  await server.close();
});

test.run();
