import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerBench, QUIET } from '../../kits/broker-bench.ts';
import { withSeed } from '../ports/seed.ts';

const SCRIPT = [
  'SUB a.* 1\r\n',
  'PUB a.b 5\r\nhello\r\n',
  'PUB a.b reply.to 0\r\n\r\n',
  'HPUB a.c 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
  `PUB a.b 3000\r\n${'y'.repeat(3000)}\r\n`,
  'pub\ta.b  2 \nok\r\n',
  'UNSUB 1\r\n',
  'PING\r\n',
].join('');

async function play(pieces: readonly string[]): Promise<string> {
  const bench = new BrokerBench({ serverName: 'bench' });
  const wire = await bench.client(`${QUIET}PING\r\n`);
  for (const piece of pieces) wire.input(piece);
  await bench.turn();
  return wire.text;
}

test('input means the same wherever it is split in two', async () => {
  const whole = await play([SCRIPT]);
  assert.match(whole, /^MSG a.b 1 5\r\nhello\r\nMSG a.b 1 reply.to 0\r\n\r\nHMSG a.c 1 12 14\r\n/);
  assert.match(whole, /PONG\r\n$/);
  for (let at = 1; at < SCRIPT.length; at += at > 150 && at < 3000 ? 97 : 1) {
    assert.is(await play([SCRIPT.slice(0, at), SCRIPT.slice(at)]), whole, `split at ${at}`);
  }
});

test('input means the same byte by byte', async () => {
  assert.is(await play([...SCRIPT]), await play([SCRIPT]));
});

test('messages of any size arrive whole, however the network cuts the stream', () =>
  withSeed(async (random) => {
    const bench = new BrokerBench();
    const receiver = await bench.client();
    const sender = await bench.client();
    receiver.input('SUB big 1\r\n');
    const sizes = Array.from({ length: 40 }, () => random.below(random.below(3) === 0 ? 400_000 : 200));
    const stream = Buffer.concat(
      sizes.map((size, index) => Buffer.from(`PUB big ${size}\r\n${String(index % 10).repeat(size)}\r\n`)),
    );
    for (let at = 0; at < stream.length; ) {
      const length = 1 + random.below(random.below(2) === 0 ? 100 : 150_000);
      sender.input(stream.subarray(at, at + length));
      at += length;
      await bench.turn();
    }
    const expected = sizes.map((size, index) => `MSG big 1 ${size}\r\n${String(index % 10).repeat(size)}\r\n`).join('');
    assert.ok(receiver.text === expected, 'all bytes are the same');
  }));

test('a connection that has not logged in may have 16 KiB held for it: the rest waits with who sends it', async () => {
  for (const [extra, isRead] of [
    [0, true],
    [1, false],
  ] as const) {
    const bench = new BrokerBench();
    bench.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, () => new Promise(() => {}));
    const wire = await bench.client(`${QUIET}${' '.repeat(16_384 + extra)}`);
    assert.equal([wire.isPaused, wire.isEnded], [!isRead, false], `${16_384 + extra} bytes`);
    assert.is(bench.broker.limitHits.unauthenticatedBytes, isRead ? 0 : 1);
  }
});

test('whoever does not wait for the answer to CONNECT is served all the same, however much it says', async () => {
  const bench = new BrokerBench();
  let letIn = (): void => {};
  bench.broker.hooks.connectionAuthenticate.tap(
    { plugin: 'test', rank: 0 },
    () => new Promise((resolve) => (letIn = (): void => resolve({ account: '$G', user: 'u', permissions: null }))),
  );
  const publishes = `PUB a 1000\r\n${'x'.repeat(1000)}\r\n`.repeat(60);
  const wire = await bench.client(`${QUIET}SUB a 1\r\n${publishes}`);
  assert.ok(wire.isPaused);
  letIn();
  await bench.turn();
  await bench.turn();
  assert.is(wire.text.split('MSG a 1 1000\r\n').length - 1, 60);
  assert.not(wire.isPaused);
});

test.run();
