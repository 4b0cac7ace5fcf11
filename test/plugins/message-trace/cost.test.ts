import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { QUIET, TestWire } from '../../kits/broker-bench.ts';
import { traceBench } from './trace-bench.ts';

/** A wire that forgets what is written to it. */
class FastWire extends TestWire {
  override write(): boolean {
    return true;
  }
}

const HEADER = 'NATS/1.0\r\nContent-Type: text/plain\r\nRequest-Id: 4bf92f3577b34da6a3ce929d0e0e4736\r\n\r\n';
const FRAME = `HPUB a ${HEADER.length} ${HEADER.length + 2}\r\n${HEADER}hi\r\n`;
const READ = 65_536;

test('a message with a header that asks for no trace allocates nothing on the heap', async () => {
  const { bench, broker, host } = await traceBench();
  broker.accounts.global.trace = { subject: 'trace', samplingPercent: 100 };
  const open = (input: string): FastWire => {
    const wire = new FastWire();
    broker.listener.accept(wire);
    wire.input(input);
    return wire;
  };
  open(`${QUIET}SUB a 1\r\n`);
  const sender = open(QUIET);
  const count = Math.floor(READ / FRAME.length);
  const input = Buffer.from(FRAME.repeat(count));
  const rounds = 40;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 12; attempt++) {
    await bench.turn();
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < rounds; round++) {
      broker.arena.readBuffer.set(input);
      sender.receiver?.onRead(input.length);
    }
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / (rounds * count));
  }
  assert.ok(least < 2, `${least.toFixed(2)} bytes a message`);
  await host.close();
});

test.run();
