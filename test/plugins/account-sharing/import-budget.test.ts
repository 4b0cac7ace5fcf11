/** What it costs to cross from one account into another, held against the same message within one account. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestWire } from '../../kits/broker-bench.ts';
import { account, accounts, type Client, SharingBench } from './sharing-bench.ts';

const READ = 65_536;
const READS = 20;
const ATTEMPTS = 15;
/** One and a half is the aim; a machine that is busy with something else blurs it. */
const RATIO_MAX = 2;
/** Here the subject is looked up twice, and written anew. */
const CHANGING_RATIO_MAX = 3;

/** Forgets what is written to it, so that nothing but the broker is measured. */
class FastWire extends TestWire {
  written = 0;
  isDeaf = false;

  override write(bytes: Uint8Array): boolean {
    if (!this.isDeaf) return super.write(bytes);
    this.written += bytes.length;
    return true;
  }
}

interface Cost {
  /** Nanoseconds a message, the least of several rounds. */
  time: number;
  /** Bytes on the heap a message, likewise. */
  heap: number;
}

async function costOf(config: string, frame: string, subscription: string): Promise<Cost> {
  let cost: Cost = { time: 0, heap: 0 };
  await SharingBench.with(config, async (bench) => {
    const wire = new FastWire();
    await (await bench.client('b', {}, wire)).ask(subscription);
    wire.isDeaf = true;
    const sender = await bench.client('a');
    cost = await measure(bench, sender, frame);
    assert.ok(wire.written > 1_000_000, 'the messages did arrive');
  });
  return cost;
}

async function measure(bench: SharingBench, { wire }: Client, frame: string): Promise<Cost> {
  const { arena } = bench.server.broker;
  const count = Math.floor(READ / frame.length);
  const input = Buffer.from(frame.repeat(count));
  const cost = { time: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await new Promise((resolve) => setImmediate(resolve));
    const heap = process.memoryUsage().heapUsed;
    const startedAt = process.hrtime.bigint();
    for (let read = 0; read < READS; read++) {
      arena.readBuffer.set(input);
      wire.receiver?.onRead(input.length);
    }
    cost.time = Math.min(cost.time, Number(process.hrtime.bigint() - startedAt) / (READS * count));
    const grown = process.memoryUsage().heapUsed - heap;
    if (grown >= 0) cost.heap = Math.min(cost.heap, grown / (READS * count));
  }
  return cost;
}

const FRAME = 'PUB foo.bar 16\r\n0123456789abcdef\r\n';
const SAME = 'accounts { A { users: [{user: a, password: p}, {user: b, password: p}] } }';
const OFFER = account('A', 'exports: [{stream: "foo.*"}]');

function importing(more: string): string {
  return accounts(OFFER, account('B', `imports: [{stream: {account: A, subject: "foo.*"}${more}}]`));
}

for (const [what, config, subscription] of [
  ['under its own name', importing(''), 'SUB foo.* 1\r\n'],
  ['with a prefix', importing(', prefix: p'), 'SUB p.foo.* 1\r\n'],
  ['under a new name', importing(', to: "x.$1"'), 'SUB x.* 1\r\n'],
] as const) {
  test(`a message imported ${what} costs little more than one that stays, and allocates nothing`, async () => {
    const here = await costOf(SAME, FRAME, 'SUB foo.* 1\r\n');
    const there = await costOf(config, FRAME, subscription);
    const figures = `${here.time.toFixed(0)} ns within an account, ${there.time.toFixed(0)} ns into another`;
    assert.ok(there.time < here.time * RATIO_MAX, figures);
    assert.ok(there.heap < 2, `${there.heap.toFixed(2)} bytes a message`);
  });
}

test('a message whose subject changes each time costs little more too, and allocates nothing', async () => {
  const frames = Array.from({ length: 100 }, (_, at) => `PUB foo.${at % 7}${at} 16\r\n0123456789abcdef\r\n`).join('');
  const here = await costOf(SAME, frames, 'SUB foo.* 1\r\n');
  const there = await costOf(importing(', to: "x.$1"'), frames, 'SUB x.* 1\r\n');
  assert.ok(
    there.time < here.time * CHANGING_RATIO_MAX,
    `${here.time.toFixed(0)} ns and ${there.time.toFixed(0)} ns a hundred`,
  );
  assert.ok(there.heap < 200, `${there.heap.toFixed(2)} bytes a hundred messages`);
});

test('a request without a reply costs less than two microseconds more in another account', async () => {
  const here = await costOf(SAME, FRAME, 'SUB foo.* 1\r\n');
  const config = accounts(
    account('B', 'exports: [{service: "foo.*"}]'),
    account('A', 'imports: [{service: {account: B, subject: "foo.*"}}]'),
  );
  const there = await costOf(config, FRAME, 'SUB foo.* 1\r\n');
  assert.ok(there.time < here.time + 2000, `${here.time.toFixed(0)} and ${there.time.toFixed(0)} ns`);
});

test.run();
