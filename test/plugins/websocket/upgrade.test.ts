import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HEAD_BYTES_MAX } from '../../../plugins/websocket/request-source.ts';
import { infoIn, RawClient } from '../running-server.ts';
import { COMPRESSED, KEY, UPGRADE, withWebSocket } from './raw-websocket.ts';

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

function request(lines: readonly string[], first = 'GET / HTTP/1.1'): string {
  return `${[first, ...lines].join('\r\n')}\r\n\r\n`;
}

function without(name: string, ...others: string[]): string[] {
  return [...UPGRADE.filter((line) => !line.startsWith(name)), ...others];
}

test('an upgrade is answered as by nats-server, and INFO is in the first frame', () =>
  withWebSocket('headers { X-A: "b", "X-C": "d" }', async ({ open, wsPort, log, server }) => {
    const socket = await open();
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    lines.push(`Sec-WebSocket-Accept: ${ACCEPT}`, 'X-A: b', 'X-C: d', '', '');
    assert.is(socket.head, lines.join('\r\n'));
    const info = infoIn((await socket.until(/INFO .*\r\n/))[0]);
    assert.equal([info.host, info.port, info.client_ip], ['127.0.0.1', wsPort, '127.0.0.1']);
    assert.equal([info.tls_required, info.auth_required, info.connect_urls], [undefined, undefined, undefined]);
    assert.is(socket.frames.length, 1);
    assert.equal([socket.frames[0]!.opcode, socket.frames[0]!.isFinal], [2, true]);
    await socket.connect();
    const [connection] = server.broker.connections.values();
    assert.match(connection!.label, /^127\.0\.0\.1:\d+ - wid:\d+$/);
    assert.ok(log.includes(`info Listening for websocket clients on ws://127.0.0.1:${wsPort}`));
    assert.ok(log.includes('warn Websocket not configured with TLS. DO NOT USE IN PRODUCTION!'));
    socket.close();
  }));

/** What is refused, with which status, and what the log says. */
const REFUSALS: [name: string, text: string, status: string, reason: string][] = [
  ['/mqtt', request(UPGRADE, 'GET /mqtt HTTP/1.1'), '404 Not Found', 'mqtt websocket endpoint not enabled'],
  ['POST', request(UPGRADE, 'POST / HTTP/1.1'), '405 Method Not Allowed', 'request method must be GET'],
  ['no host', request(without('Host', 'Host:')), '400 Bad Request', "'Host' missing in request"],
  ['a plain GET', request(['Host: a']), '400 Bad Request', "invalid value for header 'Upgrade'"],
  ['h2c', request(without('Upgrade', 'Upgrade: h2c')), '400 Bad Request', "invalid value for header 'Upgrade'"],
  ['keep-alive', request(without('Connection')), '400 Bad Request', "invalid value for header 'Connection'"],
  ['no key', request(without('Sec-WebSocket-Key')), '400 Bad Request', 'key missing'],
  [
    'a short key',
    request(without('Sec-WebSocket-Key', 'Sec-WebSocket-Key: abc')),
    '400 Bad Request',
    'invalid websocket key',
  ],
  [
    'version 8',
    request(without('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8')),
    '400 Bad Request',
    'invalid version',
  ],
  ['another page', request([...UPGRADE, 'Origin: http://b']), '403 Forbidden', 'origin not allowed: not same origin'],
  [
    'no page',
    request([...UPGRADE, 'Origin: null']),
    '403 Forbidden',
    'origin not allowed: parse "null": invalid URI for request',
  ],
];

test('what is no upgrade is refused with the status and the reason of nats-server, and may try again', () =>
  withWebSocket('same_origin: true', async ({ wsPort, log }) => {
    for (const [name, text, status, reason] of REFUSALS) {
      const client = await RawClient.connect(wsPort);
      const body = `${status.slice(4)}\n`;
      for (let round = 1; round <= 2; round++) {
        client.send(text);
        const pattern = new RegExp(`^(HTTP/1.1 ${status}\\r\\n[\\s\\S]*?\\r\\n\\r\\n${body}){${round}}$`);
        assert.match((await client.until(pattern))[0], 'Sec-Websocket-Version: 13\r\n', name);
      }
      assert.ok(
        log.some((line) => line.endsWith(` - websocket handshake error: ${reason}`)),
        reason,
      );
      client.send(request(UPGRADE));
      await client.until(/101 Switching Protocols\r\n/);
      client.socket.destroy();
    }
  }));

test('header values are found in lists and in any case, bodies of refused requests are passed over', () =>
  withWebSocket('', async ({ wsPort }) => {
    const client = await RawClient.connect(wsPort);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde');
    client.send(
      request([
        'host: a',
        'UPGRADE: foo, WebSocket',
        'connection: keep-alive, UPGRADE',
        `sec-websocket-key: ${KEY}`,
        'Sec-Websocket-Version: 8, 13',
      ]),
    );
    await client.until(/400 Bad Request[\s\S]*101 Switching Protocols/);
    client.socket.destroy();
  }));

test('who speaks before the upgrade is answered is refused', () =>
  withWebSocket('', async ({ wsPort, log }) => {
    for (const tail of ['\x82\x80\0\0\0\0', 'GET / HTTP/1.1\r\n']) {
      const client = await RawClient.connect(wsPort);
      client.send(request(UPGRADE) + tail);
      await client.untilClosed();
      assert.match(client.text, /^HTTP\/1.1 400 Bad Request\r\n/);
    }
    assert.ok(log.some((line) => line.endsWith('client sent data before handshake is complete')));
  }));

test('what is no request is told so, and the connection ends', () =>
  withWebSocket('', async ({ wsPort, open }) => {
    for (const text of ['CONNECT {}\r\n', '\x16\x03\x01\x02\0\n', 'GET / HTTP/1.1\r\nA B: c\r\n\r\n', '\n']) {
      const client = await RawClient.connect(wsPort);
      client.send(text);
      await client.untilClosed();
      assert.match(client.text, /^HTTP\/1.1 400 Bad Request[\s\S]*Connection: close\r\n\r\n400 Bad Request/, text);
    }
    (await open()).close();
  }));

test('a head may be as large as its limit, and no larger, however it comes', () =>
  withWebSocket('', async ({ wsPort }) => {
    const room = HEAD_BYTES_MAX - request([...UPGRADE, 'X: ']).length;
    const fits = await RawClient.connect(wsPort);
    fits.send(request([...UPGRADE, `X: ${'a'.repeat(room)}`]));
    await fits.until(/101 Switching Protocols/);
    fits.socket.destroy();
    for (const line of [`X: ${'a'.repeat(room + 1)}`, `X: ${'a'.repeat(4_000_000)}`, 'X: b\r\n'.repeat(20_000)]) {
      const client = await RawClient.connect(wsPort);
      client.send(request([...UPGRADE, line]));
      await client.untilClosed();
      assert.match(client.text, /^HTTP\/1.1 431 Request Header Fields Too Large\r\n/);
    }
  }));

test('who does not finish the request in time is told, who says nothing is let go', () =>
  withWebSocket('handshake_timeout: "100ms"', async ({ wsPort, open }) => {
    const half = await RawClient.connect(wsPort);
    half.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const silent = await RawClient.connect(wsPort);
    await half.untilClosed();
    assert.match(half.text, /^HTTP\/1.1 400 Bad Request\r\n/);
    await silent.untilClosed();
    assert.is(silent.text, '');
    const drip = await RawClient.connect(wsPort);
    const timer = setInterval(() => drip.send('x'), 20);
    drip.send('GET /');
    await drip.untilClosed();
    clearInterval(timer);
    const socket = await open();
    await socket.connect();
    socket.close();
  }));

test('origins are compared by scheme, host and port', () =>
  withWebSocket('allowed_origins: ["http://a", "https://B.example:8443"]', async ({ open }) => {
    const answer = async (origin: string): Promise<string> => {
      const socket = await open({ headers: [origin] });
      socket.close();
      return /\d{3}/.exec(socket.head)![0];
    };
    for (const good of [
      'X: y',
      'Origin: http://a',
      'Origin: http://A:80/path',
      'Origin: https://b.example:8443',
      'Sec-WebSocket-Origin: http://a',
    ]) {
      assert.is(await answer(good), '101', good);
    }
    for (const bad of [
      'Origin: https://a',
      'Origin: http://a:81',
      'Origin: http://b',
      'Origin: http://a.b',
      'Origin: foo',
      'Origin: /a',
    ]) {
      assert.is(await answer(bad), '403', bad);
    }
  }));

test('same origin means the very host, port and scheme of the request', () =>
  withWebSocket('same_origin: true', async ({ open, wsPort }) => {
    const answer = async (...headers: string[]): Promise<string> => {
      const socket = await open({ headers });
      socket.close();
      return /\d{3}/.exec(socket.head)![0];
    };
    assert.is(await answer('Origin: http://127.0.0.1'), '101');
    assert.is(await answer('Origin: http://127.0.0.1:80'), '101');
    assert.is(await answer('Origin: https://127.0.0.1'), '403');
    assert.is(await answer(`Origin: http://127.0.0.1:${wsPort}`), '403');
  }));

test('masking is left out where the client asks for it', () =>
  withWebSocket('', async ({ open }) => {
    const socket = await open({ headers: ['Nats-No-Masking: true'] });
    assert.match(socket.head, /\r\nNats-No-Masking: true\r\n/);
    socket.send('CONNECT {"verbose":false}\r\nPING\r\n', { key: null });
    await socket.until(/PONG/);
    socket.close();
  }));

test('a leaf node is let in and sent away, as there is nobody to serve it', () =>
  withWebSocket('', async ({ open, log }) => {
    const socket = await open({ path: '/a/leafnode?x=1' });
    assert.match(socket.head, /^HTTP\/1.1 101 /);
    assert.is(await socket.untilClosed(), null);
    assert.ok(log.includes('error Not configured to accept leaf node connections'));
  }));

test('subprotocols of others are not echoed, and any path is for NATS clients', () =>
  withWebSocket('', async ({ open }) => {
    for (const path of ['/', '/x', '/mqtt/', '/nats/ws?mqtt=/mqtt', '/leafnodes']) {
      const socket = await open({ path, headers: ['Sec-WebSocket-Protocol: mqtt, chat', COMPRESSED] });
      assert.not.match(socket.head, /protocol:|extensions/i);
      await socket.until(/^INFO /);
      socket.close();
    }
  }));

test('a broker that closes does not wait for those who have not become WebSockets', async () => {
  let client: RawClient | null = null;
  await withWebSocket('', async ({ wsPort }) => {
    client = await RawClient.connect(wsPort);
    client.send('GET / HTTP/1.1\r\n');
    await client.socket.setNoDelay(true);
    const other = await RawClient.connect(wsPort);
    other.socket.destroy();
    await once(other.socket, 'close');
  });
  await client!.untilClosed();
});

test.run();
