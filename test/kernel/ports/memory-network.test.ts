import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryPair, MemoryNetwork, memoryDuplex } from '../../../kernel/ports/memory-network.ts';
import { MemoryTransport } from '../../../kernel/ports/memory-transport.ts';
import type { NetworkError } from '../../../kernel/ports/network-error.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { digest, RecordingReceiver, writeInPieces } from './recording-receiver.ts';
import { withSeed } from './seed.ts';

function turns(count: number): Promise<void> {
  return new Promise((resolve) => {
    const next = () => (count-- > 0 ? setImmediate(next) : resolve());
    next();
  });
}

function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('close', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

function startBoth(
  pair: [Transport, Transport],
  buffers: [Uint8Array | null, Uint8Array | null] = [null, null],
): [RecordingReceiver, RecordingReceiver] {
  const receivers: [RecordingReceiver, RecordingReceiver] = [
    new RecordingReceiver(buffers[0]),
    new RecordingReceiver(buffers[1]),
  ];
  pair[0].start(receivers[0]);
  pair[1].start(receivers[1]);
  return receivers;
}

test('what one end writes the other reads, but never within the call', async () => {
  const pair = createMemoryPair();
  const [near, far] = startBoth(pair);
  assert.is(pair[0].write(Buffer.from('PING')), true);
  assert.is(pair[0].writeAll([Buffer.from('\r'), Buffer.from('\n')]), true);
  assert.is(far.length, 0);
  await far.until(() => far.text === 'PING\r\n');
  pair[1].write(Buffer.from('PONG\r\n'));
  await near.until(() => near.text === 'PONG\r\n');
});

test('a written buffer may be reused at once when the write answered true', async () => {
  const pair = createMemoryPair();
  const [, far] = startBoth(pair);
  const bytes = Buffer.from('first');
  pair[0].write(bytes);
  bytes.fill('x');
  await far.until(() => far.text === 'first');
});

test('a read lands in the buffer the listener gave', async () => {
  const readBuffer = Buffer.alloc(10);
  const pair = createMemoryPair({ readBuffer });
  const [, far] = startBoth(pair, [null, readBuffer]);
  far.onBytes = () => assert.unreachable();
  pair[0].write(Buffer.from('more than fits in one read'));
  await far.until(() => far.text === 'more than fits in one read');
  assert.equal(
    far.chunks.map((chunk) => chunk.length),
    [10, 10, 6],
  );
});

test('a reader that pauses makes the writer wait, and a reader that resumes frees it', async () => {
  const pair = createMemoryPair({ capacityBytes: 100 });
  const [near, far] = startBoth(pair);
  pair[1].pause();
  assert.is(pair[0].write(Buffer.alloc(100)), true);
  assert.is(pair[0].unsentBytes, 0);
  assert.is(pair[0].write(Buffer.alloc(1)), false);
  assert.is(pair[0].unsentBytes, 101);
  await turns(10);
  assert.is(near.writtenCalls, 0);
  assert.is(far.length, 0);
  pair[1].resume();
  await near.until(() => near.writtenCalls === 1);
  assert.is(far.length, 101);
  assert.is(pair[0].unsentBytes, 0);
});

test('random traffic in both directions with pauses loses and doubles nothing', () =>
  withSeed(async (random) => {
    const buffer = Buffer.alloc(1000);
    const pair = createMemoryPair({ capacityBytes: 5000, readBuffer: buffer });
    const receivers = startBoth(pair, [null, buffer]);
    for (const [index, receiver] of receivers.entries()) {
      let isPaused = false;
      receiver.watch = () => {
        assert.is(isPaused && receiver.closedCalls === 0, false, 'bytes arrived while paused');
        if (isPaused || random.below(3) > 0) return;
        pair[index]!.pause();
        isPaused = true;
        const resume = () => {
          isPaused = false;
          pair[index]!.resume();
        };
        if (random.below(2) === 0) resume();
        else setImmediate(resume);
      };
      // What `onWritten` tells is not a read.
      receiver.onWritten = function (this: RecordingReceiver) {
        const { watch } = this;
        this.watch = null;
        RecordingReceiver.prototype.onWritten.call(this);
        this.watch = watch;
      };
    }
    const sent = [random.bytes(300_000), random.bytes(300_000)];
    const size = () => 1 + random.below(random.below(5) === 0 ? 20_000 : 300);
    await Promise.all(pair.map((end, index) => writeInPieces(end, receivers[index]!, sent[index]!, size)));
    await Promise.all(receivers.map((receiver) => receiver.until(() => receiver.length >= 300_000)));
    assert.is(digest(receivers[0].bytes), digest(sent[1]!));
    assert.is(digest(receivers[1].bytes), digest(sent[0]!));
  }));

test('ending delivers what was written and closes both ends once', async () => {
  const pair = createMemoryPair({ capacityBytes: 10 });
  const [near, far] = startBoth(pair);
  pair[0].write(Buffer.from('longer than the pipe holds'));
  pair[0].end();
  assert.is(pair[0].write(Buffer.from('too late')), true);
  await Promise.all([near.closed(), far.closed()]);
  await turns(5);
  assert.is(far.text, 'longer than the pipe holds');
  assert.equal([near.closedCalls, far.closedCalls, near.error, far.error], [1, 1, null, null]);
});

test('answers to the last words of a leaving end still reach it', async () => {
  const pair = createMemoryPair();
  const [near, far] = startBoth(pair);
  far.watch = () => {
    far.watch = null;
    setImmediate(() => pair[1].write(Buffer.from('answer')));
  };
  pair[0].write(Buffer.from('question'));
  pair[0].endWriting();
  await Promise.all([near.closed(), far.closed()]);
  assert.is(near.text, 'answer');
});

test('destroying is told to both ends, later and once', async () => {
  const pair = createMemoryPair();
  const [near, far] = startBoth(pair);
  pair[0].destroy();
  pair[0].destroy();
  pair[0].end();
  assert.is(near.closedCalls, 0);
  await Promise.all([near.closed(), far.closed()]);
  await turns(5);
  assert.equal([near.closedCalls, far.closedCalls], [1, 1]);
});

test('an end that closes without reading everything takes the writer down with it', async () => {
  const pair = createMemoryPair();
  const [near, far] = startBoth(pair);
  pair[0].pause();
  pair[1].pause();
  pair[0].write(Buffer.from('never read'));
  await turns(3);
  pair[1].destroy();
  await Promise.all([near.closed(), far.closed()]);
  assert.is(near.error, null);
  assert.is(far.length, 0);
});

test('memory lent to a write comes back when the writer is destroyed', async () => {
  const pair = createMemoryPair({ capacityBytes: 1 });
  const [near, far] = startBoth(pair);
  pair[1].pause();
  const lent = Buffer.from('lent');
  assert.is(pair[0].write(lent), false);
  await turns(3);
  pair[0].destroy();
  await near.closed();
  lent.fill('x');
  pair[1].resume();
  await far.closed();
  assert.is(far.text, 'lent');
});

test('an end that closed before its start says so afterwards', async () => {
  const pair = createMemoryPair();
  pair[0].destroy();
  await turns(3);
  const [near, far] = startBoth(pair);
  await Promise.all([near.closed(), far.closed()]);
});

test('peeking waits for enough bytes and leaves them where they are', async () => {
  const pair = createMemoryPair();
  pair[0].write(Buffer.from('PRO'));
  assert.is(Buffer.from(await pair[1].peek(6, 1000)).toString(), 'PRO');
  const six = pair[1].peek(6, 1000, 6);
  pair[0].write(Buffer.from('XY TCP4'));
  assert.is(Buffer.from(await six).toString(), 'PROXY ');
  pair[1].discard(6);
  assert.throws(() => pair[1].discard(100), /only bytes that were peeked at/);
  pair[0].end();
  assert.is(Buffer.from(await pair[1].peek(100, 1000, 100)).toString(), 'TCP4');
  const [, far] = startBoth(pair);
  await far.closed();
  assert.is(far.text, 'TCP4');
});

test('peeking gives up when the time is over', async () => {
  let expire: () => void = () => {};
  const after = (_milliseconds: number, run: () => void) => {
    expire = run;
    return { cancel: () => {} };
  };
  const pair = createMemoryPair({ clock: { after, soon: (run) => void setImmediate(run) } });
  const peeked = pair[1].peek(6, 1000);
  expire();
  assert.is((await peeked).length, 0);
});

test('ordinary stream code talks through a pair', async () => {
  const pair = createMemoryPair({ capacityBytes: 1000, readBuffer: Buffer.alloc(10) });
  const near = memoryDuplex(pair[0]);
  const far = memoryDuplex(pair[1]);
  far.pipe(far);
  const echoed = readAll(near);
  const bytes = Buffer.alloc(200_000, 'abcdefg');
  for (let at = 0; at < bytes.length; at += 7000) near.write(bytes.subarray(at, at + 7000));
  near.end();
  assert.is(digest(await echoed), digest(bytes));
  assert.ok(pair[0] instanceof MemoryTransport);
});

test('destroying a stream closes the other end', async () => {
  const pair = createMemoryPair();
  const far = new RecordingReceiver();
  pair[1].start(far);
  memoryDuplex(pair[0]).destroy();
  await far.closed();
});

test('a stream ends when the other end leaves', async () => {
  const pair = createMemoryPair();
  const near = memoryDuplex(pair[0]);
  pair[1].write(Buffer.from('bye'));
  pair[1].end();
  assert.is((await readAll(near)).toString(), 'bye');
});

test('listeners are found by host and port', async () => {
  const network = new MemoryNetwork();
  const accepted: Transport[] = [];
  const listener = await network.listen({ host: '0.0.0.0', port: 4222 }, (transport) => accepted.push(transport));
  const client = await network.connect({ host: 'localhost', port: 4222 });
  assert.is(accepted.length, 1);
  assert.equal(accepted[0]!.local, client.remote);
  assert.equal(accepted[0]!.remote, client.local);
  const [, far] = startBoth([client, accepted[0]!]);
  client.write(Buffer.from('hello'));
  await far.until(() => far.text === 'hello');
  await listener.close();
  const refused = await network.connect({ host: '127.0.0.1', port: 4222 }).catch((error: NetworkError) => error);
  assert.is((refused as NetworkError).code, 'ECONNREFUSED');
});

test('a listener on a taken port is refused, and a port of 0 or -1 is a free one', async () => {
  const network = new MemoryNetwork();
  const first = await network.listen({ host: '127.0.0.1', port: -1 }, () => {});
  const second = await network.listen({ host: '127.0.0.1', port: 0 }, () => {});
  assert.is.not(first.port, second.port);
  const again = network.listen({ host: 'localhost', port: first.port }, () => {});
  const refused = await again.catch((error: NetworkError) => error);
  assert.is((refused as NetworkError).code, 'EADDRINUSE');
  assert.equal(network.interfaceAddresses(), []);
});

test('a reader that throws does not swallow what comes after', async () => {
  const thrown: unknown[] = [];
  const waiting: (() => void)[] = [];
  const turn = () => {
    for (const run of waiting.splice(0)) {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    }
  };
  const clock = { after: () => ({ cancel: () => {} }), soon: (run: () => void) => void waiting.push(run) };
  const pair = createMemoryPair({ clock });
  const [, far] = startBoth(pair);
  far.watch = () => {
    far.watch = null;
    throw new Error('once');
  };
  pair[0].write(Buffer.from('a'));
  pair[0].write(Buffer.from('b'));
  for (let count = 0; count < 5; count++) turn();
  assert.is(thrown.length, 1);
  assert.is(far.text, 'ab');
});

test.run();
