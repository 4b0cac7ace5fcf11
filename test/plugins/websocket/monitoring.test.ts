import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import { withMonitor } from '../monitoring/monitored-server.ts';
import { CERTIFICATE } from '../tls/secure-client.ts';
import { portOf, RawWebSocket } from './raw-websocket.ts';

test('the monitor shows the listener and its clients', () =>
  withMonitor(
    `websocket { host: 127.0.0.1, port: -1, no_tls: true, compression: true, same_origin: true, advertise: "a:1",
       allowed_origins: ["http://a"], handshake_timeout: "2s", authorization { timeout: 3 } }`,
    async (monitored) => {
      const port = portOf(monitored);
      assert.equal((await monitored.get('/varz')).websocket, {
        host: '127.0.0.1',
        port,
        advertise: 'a:1',
        handshake_timeout: 2_000_000_000,
        auth_timeout: 3,
        no_tls: true,
        same_origin: true,
        allowed_origins: ['http://a'],
        compression: true,
      });
      const socket = await RawWebSocket.open(port, { headers: ['X-Forwarded-For: 10.9.8.7'] });
      await socket.connect({ lang: 'nats.ws', name: 'page' });
      const [row] = await monitored.rows('/connz');
      assert.equal([row!.kind, row!.type, row!.lang, row!.ip], ['Client', 'websocket', 'nats.ws', '127.0.0.1']);
      assert.is(row!.port, socket.client.socket.localPort);
      const [connection] = monitored.server.broker.connections.values();
      assert.match(connection!.label, /^10\.9\.8\.7\/127\.0\.0\.1:\d+ - wid:\d+/);
      socket.close();
    },
    [websocket],
  ));

test('a listener that is closed makes the server not ready', () =>
  withMonitor(
    'websocket { host: 127.0.0.1, port: -1, no_tls: true }',
    async ({ get, fetch, server }) => {
      assert.equal(await get('/healthz'), { status: 'ok' });
      await server.broker.hooks.serverLameDuck.slot?.(server.broker);
      const response = await fetch('/healthz');
      const error = 'failed to be ready for connections after 1ms: websocket';
      assert.equal([response.status, await response.json()], [500, { status: 'error', error }]);
    },
    [websocket],
  ));

test('a list in X-Forwarded-For, or what is no address, is not believed', () =>
  withMonitor(
    'websocket { host: 127.0.0.1, port: -1, no_tls: true }',
    async (monitored) => {
      for (const value of ['10.0.0.1, 10.0.0.2', 'somebody', '']) {
        const socket = await RawWebSocket.open(portOf(monitored), { headers: [`X-Forwarded-For: ${value}`] });
        await socket.connect();
        const [connection] = monitored.server.broker.connections.values();
        assert.match(connection!.label, /^127\.0\.0\.1:/);
        socket.close();
        while (monitored.server.broker.connections.size > 0) await new Promise(setImmediate);
      }
    },
    [websocket],
  ));

test('what is known of TLS is shown, and nothing where no port is set', async () => {
  const pin = 'ab'.repeat(32);
  await withMonitor(
    `websocket { host: 127.0.0.1, port: -1, tls { ${CERTIFICATE}, pinned_certs: ["${pin}"] } }`,
    async ({ get }) => {
      const shown = (await get('/varz')).websocket as Record<string, unknown>;
      assert.equal(shown.tls_pinned_certs, [pin]);
      assert.match(String(shown.tls_cert_not_after), /^\d{4}-\d\d-\d\dT.*Z$/);
    },
    [websocket, tls],
  );
  await withMonitor('websocket { no_tls: true }', async ({ get }) => assert.equal((await get('/varz')).websocket, {}), [
    websocket,
  ]);
});

test.run();
