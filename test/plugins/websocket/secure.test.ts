import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientConnection } from '../../../kernel/plugin-api.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import { certificate, TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { infoIn, RawClient, withServer } from '../running-server.ts';
import { alice, CERTIFICATE, stranger } from '../tls/secure-client.ts';
import { RawWebSocket, withWebSocket } from './raw-websocket.ts';

const { ca } = certificate('server');

async function openSecure(port: number, options: object = {}): Promise<RawWebSocket> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, ...options });
  await once(socket, 'secureConnect');
  return RawWebSocket.over(new RawClient(socket));
}

test('a WebSocket in TLS says so in INFO, and works as any other', () =>
  withWebSocket(
    `tls { ${CERTIFICATE} }`,
    async ({ wsPort, server, log }) => {
      const socket = await openSecure(wsPort);
      await socket.connect({}, 'SUB a 1\r\n');
      const info = infoIn(socket.stream);
      assert.equal([info.tls_required, info.tls_available], [true, true]);
      const payload = 'x'.repeat(900_000);
      socket.send(`PUB a 900000\r\n${payload}\r\nPING\r\n`);
      await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
      assert.ok(socket.stream.includes(payload));
      const [connection] = server.broker.connections.values();
      assert.equal([connection!.transport.kind, connection!.transport.tls!.version], ['websocket', '1.3']);
      assert.is(connection!.transport.remote.port, socket.client.socket.localPort);
      assert.ok(log.includes(`info Listening for websocket clients on wss://127.0.0.1:${wsPort}`));
      assert.not.ok(log.some((line) => line.includes('DO NOT USE')));
      socket.send('', { opcode: 8 });
      assert.equal(await socket.untilClosed(), { code: 0, text: '' });
    },
    { others: [tls] },
  ));

const MAPPED = `tls { ${CERTIFICATE}, ca_file: "@tls/ca.pem", verify_and_map: true }`;

test('a client over WebSocket may be the user its certificate names, whose name alone does nowhere', () =>
  withWebSocket(
    MAPPED,
    async ({ wsPort, port, server }) => {
      const socket = await openSecure(wsPort, alice);
      await socket.connect({ user: 'x' });
      const [connection] = server.broker.connections.values();
      assert.is((connection as ClientConnection).identity?.user, 'alice@example.com');
      for (const [user, answer] of [
        ['alice@example.com', "-ERR 'Authorization Violation'"],
        ['standard', 'PONG'],
      ]) {
        const client = await RawClient.connect(port);
        client.send(`CONNECT {"user":"${user}","verbose":false}\r\nPING\r\n`);
        assert.is((await client.until(/PONG|-ERR.*'/))[0], answer);
        client.socket.destroy();
      }
    },
    {
      others: [tls],
      top: 'authorization { users: [{user: "alice@example.com"}, {user: standard, allowed_connection_types: [STANDARD]}] }',
    },
  ));

test('who speaks plainly, or shows no good certificate where one is asked for, gets nothing', () =>
  withWebSocket(
    `tls { ${CERTIFICATE}, ca_file: "@tls/ca.pem", verify: true }`,
    async ({ wsPort, log, server }) => {
      const plain = await RawClient.connect(wsPort);
      plain.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await plain.untilClosed();
      assert.not.match(plain.text, /HTTP/);
      const wrong = connect({ port: wsPort, host: '127.0.0.1', ca, ...stranger });
      wrong.on('error', () => {});
      await once(wrong, 'close');
      assert.ok(log.some((line) => line.startsWith('error websocket: http: TLS handshake error from 127.0.0.1:')));
      assert.ok(log.some((line) => line.endsWith(': http request')));
      assert.ok(log.every((line) => !line.includes('\n')));
      const right = await openSecure(wsPort, alice);
      await right.connect();
      const [connection] = server.broker.connections.values();
      assert.is(connection!.transport.tls!.peerCertificates.length, 2);
      assert.is(infoIn(right.stream).tls_verify, undefined);
      right.close();
    },
    { others: [tls] },
  ));

test('who does not finish the handshake in time is let go', () =>
  withWebSocket(
    `tls { ${CERTIFICATE} }, handshake_timeout: "100ms"`,
    async ({ wsPort, log }) => {
      const client = await RawClient.connect(wsPort);
      client.send(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
      await client.untilClosed();
      assert.ok(log.some((line) => line.endsWith('TLS handshake timeout')));
    },
    { others: [tls] },
  ));

test('the blocks of the client port and of WebSockets have nothing to do with each other', () =>
  withWebSocket(
    '',
    async ({ open, port }) => {
      const socket = await open();
      await socket.connect();
      assert.is(infoIn(socket.stream).tls_required, undefined);
      const client = await RawClient.connect(port);
      await client.until(/"tls_required":true/);
      client.socket.destroy();
      socket.close();
    },
    { others: [tls], top: `tls { ${CERTIFICATE} }` },
  ));

test('a broker that shuts down says so inside TLS too, behind what is still to be sent', async () => {
  let socket: RawWebSocket | null = null;
  await withWebSocket(
    `tls { ${CERTIFICATE} }`,
    async ({ wsPort }) => {
      socket = await openSecure(wsPort);
      await socket.connect({}, 'SUB a 1\r\n');
      socket.send(`PUB a 500000\r\n${'x'.repeat(500_000)}\r\nPING\r\n`);
      await socket.until(/MSG a 1 500000\r\nx/);
    },
    { others: [tls] },
  );
  assert.equal(await socket!.untilClosed(), { code: 1001, text: 'Server Shutdown' });
  assert.match(socket!.stream, /x\r\nPONG\r\n$/);
});

const ALICE = 'authorization { users: [{user: "alice@example.com"}, {user: bob, password: p}] }';

test('a certificate says who a page is where the block of the listener wants it', () =>
  withWebSocket(
    MAPPED,
    async ({ wsPort, server, port }) => {
      const socket = await openSecure(wsPort, alice);
      await socket.connect();
      const [connection] = server.broker.connections.values();
      assert.is((connection as { identity?: { user: string } }).identity!.user, 'alice@example.com');
      const client = await RawClient.connect(port);
      client.send('CONNECT {"verbose":false,"user":"bob","pass":"p"}\r\nPING\r\n');
      await client.until(/PONG/);
      client.socket.destroy();
      socket.close();
    },
    { others: [tls], top: ALICE },
  ));

test('and not where only the block of the client port does', () =>
  withWebSocket(
    '',
    async ({ open }) => {
      const socket = await open();
      await socket.connect({ user: 'bob', pass: 'p' });
      socket.close();
    },
    { others: [tls], top: `${MAPPED}\n${ALICE}` },
  ));

test('a block that cannot be used keeps the broker from starting', async () => {
  const start = async (block: string, plugins = [websocket, tls]): Promise<string> =>
    withServer(`websocket { host: 127.0.0.1, port: -1, ${block} }`, plugins as never, async () => {}).then(
      () => '',
      ({ message }: Error) => message,
    );
  assert.match(await start('tls { cert_file: "/nowhere", key_file: "/nowhere" }'), /open \/nowhere: no such file/);
  assert.match(await start('tls { foo: 1 }'), /test\.conf:3:\d+: error parsing tls config, unknown field "foo"/);
  assert.match(await start('tls { }'), /websocket requires TLS configuration/);
  assert.match(await start(`tls { ${CERTIFICATE} }`, [websocket] as never), /needs the plugin "tls"/);
});

test('a reload takes on new certificates for handshakes to come, and what cannot be used changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-websocket-'));
  const put = (name: string): void => {
    copyFileSync(join(TLS_FIXTURES, `${name}.pem`), join(folder, 'cert.pem'));
    copyFileSync(join(TLS_FIXTURES, `${name}-key.pem`), join(folder, 'key.pem'));
  };
  const shown = async (port: number): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return subject;
  };
  try {
    put('server');
    await withWebSocket(
      `tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`,
      async ({ wsPort, server, log }) => {
        const before = await openSecure(wsPort);
        put('client');
        await server.broker.hooks.serverReload.slot!({});
        assert.match(await shown(wsPort), 'CN=alice');
        writeFileSync(join(folder, 'cert.pem'), 'nothing of the kind');
        await server.broker.hooks.serverReload.slot!({});
        assert.match(await shown(wsPort), 'CN=alice');
        assert.ok(log.some((line) => line.startsWith('error websocket: the certificates stay as they were:')));
        await before.connect();
        before.close();
      },
      { others: [tls] },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
