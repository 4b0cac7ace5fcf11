import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryPair, memoryDuplex } from '../../../kernel/ports/memory-network.ts';
import { StreamTransport } from '../../../kernel/ports/stream-transport.ts';
import { TcpNetwork } from '../../../kernel/ports/tcp-network.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { certificate } from '../../fixtures/tls/certificates.ts';
import { digest, RecordingReceiver, writeInPieces } from './recording-receiver.ts';
import { withSeed } from './seed.ts';

const READ_BUFFER = Buffer.alloc(64 * 1024);
const network = new TcpNetwork();
const NOWHERE = { host: '', port: 0 };

/** Passes one accepted transport and its plain client to `use`, and closes everything afterwards. */
async function withPair(use: (server: Transport, client: Socket) => Promise<void>): Promise<void> {
  let accepted: (transport: Transport) => void = () => {};
  const accept = new Promise<Transport>((resolve) => {
    accepted = resolve;
  });
  const listener = await network.listen({ host: '127.0.0.1', port: 0, readBuffer: READ_BUFFER }, (it) => accepted(it));
  const client = connect({ port: listener.port, host: '127.0.0.1' });
  client.on('error', () => {});
  const server = await accept;
  await use(server, client);
  client.destroy();
  server.destroy();
  await listener.close();
}

function upgrade(stream: Duplex): tls.TLSSocket {
  return new tls.TLSSocket(stream, { isServer: true, ...certificate('server') });
}

function overTls(socket: tls.TLSSocket): StreamTransport {
  const facts = { version: socket.getProtocol() ?? '', cipher: '', peerCertificates: [], serverName: '' };
  return new StreamTransport(socket, { kind: 'tls', remote: NOWHERE, local: NOWHERE, tls: facts });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

test('peeked bytes are seen again by the receiver, ahead of what follows', () =>
  withPair(async (server, client) => {
    client.write('PROXY TCP4');
    assert.is(text(await server.peek(6, 1000, 6)), 'PROXY ');
    assert.is(text(await server.peek(6, 1000)), 'PROXY ');
    server.discard(6);
    const receiver = new RecordingReceiver(READ_BUFFER);
    server.start(receiver);
    assert.is(receiver.length, 0, 'nothing is delivered from inside start');
    client.write(' and more');
    await receiver.until(() => receiver.text === 'TCP4 and more');
  }));

test('peeking for more waits for more', () =>
  withPair(async (server, client) => {
    client.write('abc');
    const first = await server.peek(100, 1000);
    assert.ok(first.length > 0);
    const more = server.peek(100, 1000, 6);
    client.write('def');
    assert.is(text(await more), 'abcdef');
    assert.is(text(await server.peek(2, 1000, 50)), 'ab');
  }));

test('peeking gives what there is when the time is up', () =>
  withPair(async (server, client) => {
    assert.is((await server.peek(6, 1)).length, 0);
    client.write('abc');
    await server.peek(6, 1000);
    assert.is(text(await server.peek(6, 1, 6)), 'abc');
  }));

test('peeking gives what there is when the client leaves, and the receiver hears of both', () =>
  withPair(async (server, client) => {
    client.end('abc');
    assert.is(text(await server.peek(6, 10_000, 6)), 'abc');
    const receiver = new RecordingReceiver(READ_BUFFER);
    server.start(receiver);
    await receiver.closed();
    assert.is(receiver.text, 'abc');
    assert.is(receiver.error, null);
  }));

test('peeking at a client that left without a word gives nothing', () =>
  withPair(async (server, client) => {
    client.end();
    assert.is((await server.peek(6, 10_000)).length, 0);
    const receiver = new RecordingReceiver(READ_BUFFER);
    server.start(receiver);
    await receiver.closed();
    assert.is(receiver.closedCalls, 1);
  }));

test('more than was peeked at cannot be discarded', () =>
  withPair(async (server, client) => {
    client.write('abc');
    await server.peek(3, 1000, 3);
    assert.throws(() => server.discard(4), /only bytes that were peeked at/);
    server.discard(0);
    server.discard(3);
  }));

test('peeked bytes wait for a transport that is paused at its start', () =>
  withPair(async (server, client) => {
    client.write('abc');
    await server.peek(3, 1000, 3);
    const receiver = new RecordingReceiver(READ_BUFFER);
    server.start(receiver);
    server.pause();
    client.write('def');
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.is(receiver.length, 0);
    server.resume();
    await receiver.until(() => receiver.text === 'abcdef');
  }));

test('after a large peek every byte still arrives once', () =>
  withSeed((random) =>
    withPair(async (server, client) => {
      const sent = Buffer.from(random.bytes(500_000));
      client.write(sent);
      await server.peek(1 + random.below(20_000), 1000, 1 + random.below(20_000));
      const receiver = new RecordingReceiver(READ_BUFFER);
      server.start(receiver);
      await receiver.until(() => receiver.length >= sent.length);
      assert.is(digest(receiver.bytes), digest(sent));
    }),
  ));

test('a transport turns into TLS after the first bytes were peeked at', () =>
  withPair(async (server, client) => {
    server.write(Buffer.from('INFO {}\r\n'));
    const [info] = (await once(client, 'data')) as [Buffer];
    assert.is(info.toString(), 'INFO {}\r\n');
    const secure = tls.connect({ socket: client, servername: 'localhost', ca: certificate('client').ca });
    secure.on('error', () => {});
    const first = await server.peek(1, 1000);
    assert.is(first[0], 0x16);
    const socket = upgrade(server.duplex());
    await once(socket, 'secure');
    const transport = overTls(socket);
    const receiver = new RecordingReceiver();
    transport.start(receiver);
    if (!secure.authorized) await once(secure, 'secureConnect');
    assert.is(secure.authorized, true);
    secure.write('PING\r\n');
    await receiver.until(() => receiver.text === 'PING\r\n');
    transport.write(Buffer.from('PONG\r\n'));
    const [pong] = (await once(secure, 'data')) as [Buffer];
    assert.is(pong.toString(), 'PONG\r\n');
    secure.destroy();
    await receiver.closed();
    assert.is(receiver.closedCalls, 1);
    assert.is(transport.tls?.version, 'TLSv1.3');
  }));

test('random traffic over TLS with pauses loses and doubles nothing', () =>
  withSeed((random) =>
    withPair(async (server, client) => {
      const secure = tls.connect({ socket: client, servername: 'localhost', ca: certificate('client').ca });
      const socket = upgrade(server.duplex());
      await once(secure, 'secureConnect');
      const transport = overTls(socket);
      const receiver = new RecordingReceiver();
      const sent = [Buffer.from(random.bytes(1_000_000)), Buffer.from(random.bytes(1_000_000))] as const;
      receiver.onBytes = function (this: RecordingReceiver, bytes) {
        RecordingReceiver.prototype.onBytes.call(this, bytes);
        if (random.below(3) > 0) return;
        transport.pause();
        setImmediate(() => transport.resume());
      };
      transport.start(receiver);
      const back: Buffer[] = [];
      const received = new Promise<void>((resolve) => {
        let length = 0;
        secure.on('data', (chunk: Buffer) => {
          back.push(chunk);
          length += chunk.length;
          if (length === sent[1].length) resolve();
        });
      });
      secure.write(sent[0]);
      await writeInPieces(transport, receiver, sent[1], () => 1 + random.below(60_000));
      await received;
      await receiver.until(() => receiver.length >= sent[0].length);
      assert.is(digest(receiver.bytes), digest(sent[0]));
      assert.is(digest(Buffer.concat(back)), digest(sent[1]));
      transport.end();
      await Promise.all([receiver.closed(), once(secure, 'close')]);
      assert.is(receiver.error, null);
    }),
  ));

test('TLS works over a memory pair too', async () => {
  const pair = createMemoryPair();
  const socket = upgrade(memoryDuplex(pair[1]));
  const ca = certificate('client').ca;
  const secure = tls.connect({ socket: memoryDuplex(pair[0]), servername: 'localhost', ca });
  await once(secure, 'secureConnect');
  const receiver = new RecordingReceiver();
  const transport = overTls(socket);
  transport.start(receiver);
  secure.write('hello');
  await receiver.until(() => receiver.text === 'hello');
  secure.end();
  await receiver.closed();
});

test('a stream that fails is reported with its error, once', async () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const transport = new StreamTransport(stream, { kind: 'test', remote: NOWHERE, local: NOWHERE, tls: null });
  const receiver = new RecordingReceiver();
  transport.start(receiver);
  stream.push('abc');
  await receiver.until(() => receiver.text === 'abc');
  stream.destroy(new Error('broken'));
  assert.is(receiver.closedCalls, 0);
  await receiver.closed();
  assert.is(receiver.error?.message, 'broken');
  assert.is(receiver.closedCalls, 1);
});

test('a stream whose writes take time reports each when it is done', async () => {
  const done: (() => void)[] = [];
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, finish) => void done.push(finish) });
  const transport = new StreamTransport(stream, { kind: 'test', remote: NOWHERE, local: NOWHERE, tls: null });
  const receiver = new RecordingReceiver();
  transport.start(receiver);
  assert.is(transport.write(Buffer.from('abc')), false);
  assert.is(transport.unsentBytes, 3);
  done.pop()!();
  await receiver.until(() => receiver.writtenCalls === 1);
  assert.is(transport.unsentBytes, 0);
  assert.is(transport.write(Buffer.from('abc')), false);
  transport.destroy();
  await receiver.closed();
  assert.is(receiver.writtenCalls, 1);
  assert.equal(transport.local, NOWHERE);
});

test.run();
