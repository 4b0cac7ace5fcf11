/** What it costs to cross from one account into another, held against the same message within one account. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestWire } from '../../kits/broker-bench.ts';
import { account, accounts, type Client, SharingBench } from './sharing-bench.ts';

const READ = 65_536;
const READS = 10;
const ATTEMPTS_MIN = 12;
/** Others may be at work on the machine: their share is left out by asking again. */
const ATTEMPTS_MAX = 150;
/** One and a half is the aim. */
const RATIO_MAX = 2;
/** Here the subject is looked up twice, and written anew. */
const CHANGING_RATIO_MAX = 3;
/** A request is copied, with a header that says who asks. */
const REQUEST_NS_MAX = 3_000;

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

interface Case {
  readonly config: string;
  readonly frame: string;
  readonly subscription: string;
}

/** Both in turn, until the limit is kept or there is no more hope. */
async function compare(near: Case, far: Case, isKept: (here: Cost, there: Cost) => boolean): Promise<[Cost, Cost]> {
  const costs: [Cost, Cost] = [nothingYet(), nothingYet()];
  await withCase(near, async (runNear) => {
    await withCase(far, async (runFar) => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        await runNear(costs[0]);
        await runFar(costs[1]);
        if (attempt >= ATTEMPTS_MIN && isKept(...costs)) return;
      }
    });
  });
  return costs;
}

function nothingYet(): Cost {
  return { time: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY };
}

async function withCase(
  { config, frame, subscription }: Case,
  use: (run: (cost: Cost) => Promise<void>) => Promise<void>,
): Promise<void> {
  await SharingBench.with(config, async (bench) => {
    const wire = new FastWire();
    await (await bench.client('b', {}, wire)).ask(subscription);
    wire.isDeaf = true;
    const sender = await bench.client('a');
    await use((cost) => measure(bench, sender, frame, cost));
    assert.ok(wire.written > 1_000_000, 'the messages did arrive');
  });
}

async function measure(bench: SharingBench, { wire }: Client, frame: string, cost: Cost): Promise<void> {
  const { arena } = bench.server.broker;
  const count = Math.floor(READ / frame.length);
  const input = Buffer.from(frame.repeat(count));
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

const FRAME = 'PUB foo.bar 16\r\n0123456789abcdef\r\n';
const NEAR: Case = {
  config: 'accounts { A { users: [{user: a, password: p}, {user: b, password: p}] } }',
  frame: FRAME,
  subscription: 'SUB foo.* 1\r\n',
};

function importing(more: string): string {
  const offer = account('A', 'exports: [{stream: "foo.*"}]');
  return accounts(offer, account('B', `imports: [{stream: {account: A, subject: "foo.*"}${more}}]`));
}

function figures(here: Cost, there: Cost): string {
  const heap = `${here.heap.toFixed(2)} and ${there.heap.toFixed(2)} bytes`;
  return `${here.time.toFixed(0)} ns within an account, ${there.time.toFixed(0)} ns into another; ${heap}`;
}

for (const [what, config, subscription] of [
  ['under its own name', importing(''), 'SUB foo.* 1\r\n'],
  ['with a prefix', importing(', prefix: p'), 'SUB p.foo.* 1\r\n'],
  ['under a new name', importing(', to: "x.$1"'), 'SUB x.* 1\r\n'],
] as const) {
  test(`a message imported ${what} costs little more than one that stays, and allocates nothing`, async () => {
    const isKept = (here: Cost, there: Cost): boolean => there.time < here.time * RATIO_MAX && there.heap < 2;
    const costs = await compare(NEAR, { config, frame: FRAME, subscription }, isKept);
    assert.ok(isKept(...costs), figures(...costs));
  });
}

test('a message whose subject changes each time costs little more too, and allocates nothing', async () => {
  const frame = Array.from({ length: 100 }, (_, at) => `PUB foo.${at % 7}${at} 16\r\n0123456789abcdef\r\n`).join('');
  const far = { config: importing(', to: "x.$1"'), frame, subscription: 'SUB x.* 1\r\n' };
  const isKept = (here: Cost, there: Cost): boolean => there.time < here.time * CHANGING_RATIO_MAX && there.heap < 200;
  const costs = await compare({ ...NEAR, frame }, far, isKept);
  assert.ok(isKept(...costs), figures(...costs));
});

test('a request without a reply costs less than three microseconds more in another account', async () => {
  const config = accounts(
    account('B', 'exports: [{service: "foo.*"}]'),
    account('A', 'imports: [{service: {account: B, subject: "foo.*"}}]'),
  );
  const isKept = (here: Cost, there: Cost): boolean => there.time < here.time + REQUEST_NS_MAX;
  const costs = await compare(NEAR, { ...NEAR, config }, isKept);
  assert.ok(isKept(...costs), figures(...costs));
});

test.run();
