import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerBench, FastWire, QUIET } from '../../kits/broker-bench.ts';

const READ = 65_536;

function block(frame: string): Buffer {
  return Buffer.from(frame.repeat(Math.floor(READ / frame.length)));
}

/** Heap bytes a message, the least of several rounds: a round in which something else allocated does not count. */
async function bytesPerMessage(frame: string, subscriptions: string): Promise<{ bytes: number; written: number }> {
  const bench = new BrokerBench();
  const open = (input: string): FastWire => {
    const wire = new FastWire();
    bench.broker.listener.accept(wire);
    wire.input(input);
    return wire;
  };
  const receiver = open(QUIET + subscriptions);
  const sender = open(QUIET);
  const input = block(frame);
  const count = Math.floor(READ / frame.length);
  const read = (): void => {
    bench.broker.arena.readBuffer.set(input);
    sender.receiver?.onRead(input.length);
  };
  const rounds = 40;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 12; attempt++) {
    await bench.turn();
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < rounds; round++) read();
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / (rounds * count));
  }
  return { bytes: least, written: receiver.written };
}

for (const [what, frame, subscriptions] of [
  ['that nobody wants', 'PUB foo.bar 16\r\n0123456789abcdef\r\n', ''],
  ['from one client to another', 'PUB foo.bar 16\r\n0123456789abcdef\r\n', 'SUB foo.* 1\r\n'],
  [
    'to three subscriptions',
    'PUB foo.bar 16\r\n0123456789abcdef\r\n',
    'SUB foo.* 1\r\nSUB foo.> 2\r\nSUB foo.bar 3\r\n',
  ],
  ['to a queue group', 'PUB foo.bar 16\r\n0123456789abcdef\r\n', 'SUB foo.* q 1\r\nSUB foo.bar q 2\r\n'],
  ['with a reply', 'PUB foo.bar _INBOX.abc 16\r\n0123456789abcdef\r\n', 'SUB foo.* 1\r\n'],
  ['with a header', 'HPUB foo.bar 12 14\r\nNATS/1.0\r\n\r\nhi\r\n', 'SUB foo.* 1\r\n'],
  [
    'on subjects that change each time',
    'PUB foo.bar 2\r\nhi\r\nPUB foo.baz.x 2\r\nhi\r\nPUB foo.q 2\r\nhi\r\n',
    'SUB foo.> 1\r\n',
  ],
] as const) {
  test(`a message ${what} allocates nothing on the heap`, async () => {
    const { bytes, written } = await bytesPerMessage(frame, subscriptions);
    assert.ok(bytes < 2, `${bytes.toFixed(2)} bytes a message`);
    assert.is(written > 1_000_000, subscriptions !== '', 'the messages did arrive');
  });
}

test.run();
