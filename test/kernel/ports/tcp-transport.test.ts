import { connect, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../kernel/ports/ports.ts';
import { TcpNetwork } from '../../../kernel/ports/tcp-network.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { digest, RecordingReceiver, writeInPieces } from './recording-receiver.ts';
import { withSeed } from './seed.ts';

const READ_BUFFER = Buffer.alloc(64 * 1024);
const network = new TcpNetwork();

interface Pair {
  listener: Listener;
  server: Transport;
  client: Socket;
}

async function connectPair(readBuffer: Uint8Array | undefined = READ_BUFFER): Promise<Pair> {
  let accepted: (transport: Transport) => void;
  const accept = new Promise<Transport>((resolve) => {
    accepted = resolve;
  });
  const listener = await network.listen({ host: '127.0.0.1', port: 0, readBuffer }, (transport) => accepted(transport));
  const client = connect({ port: listener.port, host: '127.0.0.1' });
  client.on('error', () => {});
  return { listener, client, server: await accept };
}

async function finish(pair: Pair): Promise<void> {
  pair.client.destroy();
  pair.server.destroy();
  await pair.listener.close();
}

function collect(socket: Socket): { bytes: () => Buffer; until: (length: number) => Promise<void> } {
  const chunks: Buffer[] = [];
  let length = 0;
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  const until = async (wanted: number) => {
    while (length < wanted) await new Promise((resolve) => socket.once('data', resolve));
  };
  return { bytes: () => Buffer.concat(chunks), until };
}

function closedSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

test('bytes land in the shared read buffer and answers reach the client', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  receiver.onBytes = () => assert.unreachable('a read made a buffer of its own');
  const answers = collect(pair.client);
  assert.is(pair.server.write(Buffer.from('INFO {}\r\n')), true);
  pair.server.start(receiver);
  pair.client.write('PING\r\n');
  await receiver.until(() => receiver.length === 6);
  assert.is(receiver.text, 'PING\r\n');
  pair.server.writeAll([Buffer.from('PO'), Buffer.from('NG'), Buffer.from('\r\n')]);
  await answers.until(15);
  assert.is(answers.bytes().toString(), 'INFO {}\r\nPONG\r\n');
  await finish(pair);
});

test('without a shared buffer reads arrive in memory of their own', async () => {
  const pair = await connectPair();
  const other = await network.listen({ host: '127.0.0.1', port: 0 }, (transport) => transport.start(receiver));
  const receiver = new RecordingReceiver();
  const client = connect({ port: other.port, host: '127.0.0.1' });
  client.write('PING\r\n');
  await receiver.until(() => receiver.length === 6);
  client.destroy();
  await receiver.closed();
  await other.close();
  await finish(pair);
});

test('random reads with pauses anywhere lose and double nothing', () =>
  withSeed(async (random) => {
    const pair = await connectPair();
    const receiver = new RecordingReceiver(READ_BUFFER);
    const sent = Buffer.from(random.bytes(3_000_000));
    let isPaused = false;
    receiver.watch = () => {
      assert.is(isPaused, false, 'bytes arrived while paused');
      if (random.below(3) > 0) return;
      isPaused = true;
      pair.server.pause();
      const resume = () => {
        isPaused = false;
        pair.server.resume();
      };
      if (random.below(4) === 0) resume();
      else if (random.below(2) === 0) setImmediate(resume);
      else process.nextTick(resume);
    };
    pair.server.start(receiver);
    for (let at = 0; at < sent.length; ) {
      const size = 1 + random.below(random.below(2) === 0 ? 200 : 150_000);
      const isTaken = pair.client.write(sent.subarray(at, at + size));
      at += size;
      if (!isTaken) await new Promise((resolve) => pair.client.once('drain', resolve));
    }
    await receiver.until(() => receiver.length >= sent.length);
    assert.is(digest(receiver.bytes), digest(sent));
    receiver.watch = null;
    await finish(pair);
  }));

test('pausing outside a read stops the flow at once, and again after a resume in the same turn', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  pair.client.write('one');
  await receiver.until(() => receiver.length === 3);
  pair.server.pause();
  pair.server.resume();
  pair.server.pause();
  await new Promise<void>((resolve) => pair.client.write('two', () => resolve()));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(receiver.text, 'one');
  pair.server.resume();
  await receiver.until(() => receiver.length === 6);
  assert.is(receiver.text, 'onetwo');
  await finish(pair);
});

test('a transport that is paused before it starts stays silent until resumed', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.pause();
  pair.server.start(receiver);
  await new Promise<void>((resolve) => pair.client.write('early', () => resolve()));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(receiver.length, 0);
  pair.server.resume();
  await receiver.until(() => receiver.length === 5);
  await finish(pair);
});

test('a large write answers false, counts down what is unsent, and says when it is done', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  const bytes = Buffer.alloc(20_000_000, 'x');
  assert.is(pair.server.write(bytes), false);
  assert.ok(pair.server.unsentBytes > 0 && pair.server.unsentBytes <= bytes.length);
  const answers = collect(pair.client);
  await receiver.until(() => receiver.writtenCalls === 1);
  assert.is(pair.server.unsentBytes, 0);
  await answers.until(bytes.length);
  assert.is(receiver.writtenCalls, 1);
  await finish(pair);
});

test('a small write that went at once does not pass for the large one after it', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  pair.client.pause();
  assert.is(pair.server.write(Buffer.from('small')), true);
  assert.is(pair.server.write(Buffer.alloc(20_000_000, 'x')), false);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(receiver.writtenCalls, 0);
  const answers = collect(pair.client);
  pair.client.resume();
  await answers.until(20_000_005);
  await receiver.until(() => receiver.writtenCalls === 1);
  await finish(pair);
});

test('what was written before the start and is still unsent is reported after it', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  const bytes = Buffer.alloc(20_000_000, 'x');
  assert.is(pair.server.write(bytes), false);
  pair.server.start(receiver);
  const answers = collect(pair.client);
  await receiver.until(() => receiver.writtenCalls === 1);
  await answers.until(bytes.length);
  pair.client.write('still heard');
  await receiver.until(() => receiver.text === 'still heard');
  await finish(pair);
});

test('random writes with a slow reader arrive whole and in order', () =>
  withSeed(async (random) => {
    const pair = await connectPair();
    const receiver = new RecordingReceiver(READ_BUFFER);
    pair.server.start(receiver);
    const sent = Buffer.from(random.bytes(6_000_000));
    const answers = collect(pair.client);
    pair.client.on('data', () => {
      if (random.below(4) > 0) return;
      pair.client.pause();
      setImmediate(() => pair.client.resume());
    });
    await writeInPieces(pair.server, receiver, sent, () => 1 + random.below(random.below(3) === 0 ? 2_000_000 : 3000));
    await answers.until(sent.length);
    assert.is(digest(answers.bytes()), digest(sent));
    await finish(pair);
  }));

test('several pieces that do not fit are reported once', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  const pieces = [Buffer.alloc(5_000_000, 'a'), Buffer.alloc(5_000_000, 'b'), Buffer.alloc(5_000_000, 'c')];
  assert.is(pair.server.writeAll(pieces), false);
  const answers = collect(pair.client);
  await answers.until(15_000_000);
  await receiver.until(() => receiver.writtenCalls === 1);
  assert.is(digest(answers.bytes()), digest(Buffer.concat(pieces)));
  assert.is(pair.server.writeAll([]), true);
  await finish(pair);
});

test('a client that leaves is reported once, without an error', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  pair.client.end('bye');
  await receiver.closed();
  assert.is(receiver.text, 'bye');
  assert.is(receiver.error, null);
  pair.server.destroy();
  pair.server.end();
  assert.is(pair.server.write(Buffer.from('x')), true);
  assert.is(pair.server.writeAll([Buffer.from('x'), Buffer.from('y')]), true);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(receiver.closedCalls, 1);
  await finish(pair);
});

test('a client that resets the connection is reported with the error', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  pair.client.resetAndDestroy();
  await receiver.closed();
  assert.is((receiver.error as NodeJS.ErrnoException).code, 'ECONNRESET');
  await finish(pair);
});

test('a client that only stops sending still gets the answers to what it sent', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  const answer = Buffer.alloc(10_000_000, 'x');
  const answers = collect(pair.client);
  receiver.watch = () => {
    if (receiver.text === 'question') setImmediate(() => pair.server.write(answer));
    receiver.watch = null;
  };
  pair.client.end('question');
  await closedSocket(pair.client);
  assert.is(answers.bytes().length, answer.length);
  await receiver.closed();
  assert.is(receiver.closedCalls, 1);
  assert.is(receiver.error, null);
  await finish(pair);
});

test('ending sends what was written first', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  const answers = collect(pair.client);
  pair.server.write(Buffer.alloc(9_000_000, 'x'));
  pair.server.end();
  await closedSocket(pair.client);
  assert.is(answers.bytes().length, 9_000_000);
  await receiver.closed();
  assert.is(receiver.error, null);
  await finish(pair);
});

test('destroying is never reported from inside the call', async () => {
  const pair = await connectPair();
  const receiver = new RecordingReceiver(READ_BUFFER);
  let isInside = false;
  receiver.watch = () => {
    assert.is(isInside, false);
    if (receiver.closedCalls > 0) return;
    isInside = true;
    pair.server.destroy();
    isInside = false;
  };
  pair.server.start(receiver);
  pair.client.write('x');
  await receiver.closed();
  assert.is(receiver.closedCalls, 1);
  assert.is(receiver.error, null);
  await finish(pair);
});

test('a transport that closed before its start says so afterwards', async () => {
  const pair = await connectPair();
  pair.server.destroy();
  await closedSocket(pair.client);
  const receiver = new RecordingReceiver(READ_BUFFER);
  pair.server.start(receiver);
  assert.is(receiver.closedCalls, 0);
  await receiver.closed();
  await finish(pair);
});

test('the addresses of both ends are known', async () => {
  const pair = await connectPair();
  assert.equal(pair.server.remote, { host: '127.0.0.1', port: pair.client.localPort });
  assert.equal(pair.server.local, { host: '127.0.0.1', port: pair.listener.port });
  assert.is(pair.server.kind, 'tcp');
  assert.is(pair.server.tls, null);
  await finish(pair);
});

test.run();
