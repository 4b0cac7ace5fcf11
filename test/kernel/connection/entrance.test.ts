/** What a listener of a plugin may say of the clients it brings. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientConnection } from '../../../kernel/connection/client-connection.ts';
import { CLIENT_PORT, type Entrance } from '../../../kernel/connection/entrance.ts';
import { BrokerBench, TestWire } from '../../kits/broker-bench.ts';

function enter(bench: BrokerBench, differences: Partial<Entrance> = {}): { wire: TestWire; client: ClientConnection } {
  const wire = new TestWire();
  bench.broker.listener.accept(wire, { ...CLIENT_PORT, ...differences });
  return { wire, client: [...bench.broker.connections.values()].at(-1) as ClientConnection };
}

test('log lines name the way in, and whom a proxy speaks for', () => {
  const bench = new BrokerBench();
  assert.match(enter(bench).client.label, /^127\.0\.0\.1:50000 - cid:1$/);
  const { client } = enter(bench, { tag: 'wid', forwardedFor: '10.0.0.1' });
  assert.match(client.label, /^10\.0\.0\.1\/127\.0\.0\.1:50000 - wid:2$/);
});

test('credentials from the way in fill what CONNECT leaves empty, each time', () => {
  const bench = new BrokerBench();
  const { wire, client } = enter(bench, { credentials: { user: 'u', pass: 'p', jwt: 'j' } });
  wire.input('CONNECT {"pass":"own"}\r\n');
  const { user, pass, jwt, auth_token } = client.options;
  assert.equal([user, pass, jwt, auth_token], ['u', 'own', 'j', '']);
  wire.input('CONNECT {"user":"v","pass":""}\r\n');
  assert.equal([client.options.user, client.options.pass], ['v', 'p']);
});

test('pings come as often as the way in says, or as the broker does', async () => {
  const bench = new BrokerBench({ pingIntervalMs: 60_000 });
  const [own, usual] = [enter(bench, { pingIntervalMs: 1000 }), enter(bench)];
  await bench.ports.clock.advance(1500);
  assert.match(own.wire.text, /PING\r\n$/);
  assert.not.match(usual.wire.text, /PING/);
  await bench.ports.clock.advance(60_000);
  assert.match(usual.wire.text, /PING\r\n/);
});

test('a login may take as long as the way in says, or as the broker does', async () => {
  const bench = new BrokerBench({ authTimeoutMs: 5000 });
  bench.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, () => undefined);
  const [own, usual] = [enter(bench, { authTimeoutMs: 1000 }), enter(bench)];
  await bench.ports.clock.advance(1001);
  assert.is(own.client.closeReason, 'Authentication Timeout');
  assert.is(usual.client.closeReason, null);
  await bench.ports.clock.advance(4000);
  assert.is(usual.client.closeReason, 'Authentication Timeout');
});

test('a transport is told why it ends', async () => {
  const bench = new BrokerBench();
  const reasons: (string | undefined)[] = [];
  const { wire, client } = enter(bench);
  wire.end = (reason?: string) => void reasons.push(reason);
  client.close('Kicked');
  await bench.turn();
  assert.equal(reasons, ['Kicked']);
});

test.run();
