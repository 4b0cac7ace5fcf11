import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fault, startFakeBroker } from './fake-broker.ts';
import { AckReader } from './generator/ack-reader.ts';
import { FrameCounter } from './generator/frame-counter.ts';
import type { Load, LoadResult, StoreLoad, StreamLoad } from './generator/load.ts';
import { runLoad } from './generator/run-load.ts';
import { mediansOf, ratioTo } from './medians.ts';
import { readBenchOptions } from './options.ts';

const FRAME = 'MSG bench.000000.t 1 3\r\nabc\r\n';
/** A server's identity may hold any capital, wherever a message could be expected. */
const INFO = `INFO ${'M'.repeat(100)}`;

test('messages are counted right at every split point, whatever lines stand between them', () => {
  const text = `${INFO}\r\n${FRAME}${FRAME}PING\r\n${FRAME}PONG\r\nPING\r\n${FRAME}${FRAME}`;
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) countInThree(text, first, second);
  }
});

function countInThree(text: string, first: number, second: number): void {
  const lines: string[] = [];
  const counter = new FrameCounter(FRAME.length, (line) => lines.push(line));
  for (const part of [text.slice(0, first), text.slice(first, second), text.slice(second)]) {
    // Longer than what was read, as the shared read buffer is.
    if (part !== '') counter.accept(Buffer.from(`${part}\r\nleft over\r\n`), part.length);
  }
  const where = `split at ${first} and ${second}`;
  assert.is(counter.frames, 5, where);
  assert.ok(counter.isBetweenFrames, where);
  assert.equal(lines, [INFO, 'PING', 'PONG', 'PING'], where);
  assert.is(counter.first.toString(), FRAME, where);
  assert.is(counter.last.toString(), FRAME, where);
}

const SMALL_STREAM: StreamLoad = {
  kind: 'stream',
  payloadBytes: 16,
  subscribers: 1,
  isQueueGroup: false,
  subjects: 1,
  windowBytes: 64 * 1024,
};

async function load(differences: Partial<StreamLoad>, fault: Fault | null = null): Promise<LoadResult> {
  return loadFakeBroker({ ...SMALL_STREAM, ...differences }, fault);
}

async function loadFakeBroker(what: Load, fault: Fault | null = null): Promise<LoadResult> {
  const broker = await startFakeBroker(fault);
  const target = { host: '127.0.0.1', port: broker.port, pid: process.pid };
  try {
    return await runLoad({ target, phases: { warmupSeconds: 0.01, seconds: 0.02, stallSeconds: 10 }, load: what });
  } finally {
    broker.close();
  }
}

test('every message to one subscriber is counted, though the server sends pings in between', async () => {
  const result = await load({});
  assert.ok(result.published > 0);
  assert.is(result.delivered, result.published);
});

test('every message counts once for each subscriber', async () => {
  const result = await load({ subscribers: 3 });
  assert.is(result.delivered, 3 * result.published);
});

test('a queue group gets each message once', async () => {
  const result = await load({ subscribers: 3, isQueueGroup: true });
  assert.is(result.delivered, result.published);
});

test('many subjects reach the wildcard subscriber', async () => {
  const result = await load({ subjects: 1_000 });
  assert.is(result.delivered, result.published);
});

test('without a subscriber, what the server took is counted', async () => {
  const result = await load({ subscribers: 0 });
  assert.ok(result.published > 0);
  assert.is(result.delivered, 0);
});

async function failureOf(fault: Fault): Promise<string> {
  try {
    await load({}, fault);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

test('a lost message fails the run', async () => {
  assert.match(await failureOf({ after: 1_234, kind: 'lose' }), /should have been delivered/);
});

test('a message delivered twice fails the run', async () => {
  assert.match(await failureOf({ after: 1_234, kind: 'double' }), /should have been delivered/);
});

test('a first message with other bytes fails the run', async () => {
  assert.match(await failureOf({ after: 0, kind: 'garble' }), /the first message arrived as/);
});

test('a message that is too short fails the run', async () => {
  assert.match(await failureOf({ after: 1_234, kind: 'shorten' }), /the server sent: /);
});

test('every request of every client gets its reply', async () => {
  const result = await loadFakeBroker({ kind: 'request', payloadBytes: 16, clients: 5 });
  assert.ok(result.delivered >= 5);
  assert.ok(result.latency!.p50Micros > 0);
  assert.ok(result.latency!.p99Micros >= result.latency!.p50Micros);
});

const STORE: StoreLoad = { kind: 'store', payloadBytes: 16, subjects: 3, window: 10, storage: 'memory' };

test('every message to a stream is acknowledged', async () => {
  const result = await loadFakeBroker(STORE);
  assert.ok(result.published > 0);
  assert.is(result.latency, null);
});

test('with one message at a time, the time until its acknowledgement is measured', async () => {
  const result = await loadFakeBroker({ ...STORE, window: 1 });
  assert.ok(result.latency!.p50Micros > 0);
});

test('a stored message that gets another sequence than it must fails the run', async () => {
  const fault: Fault = { after: 50, kind: 'double' };
  const outcome = await loadFakeBroker(STORE, fault).then(
    () => 'none',
    (error: Error) => error.message,
  );
  assert.match(outcome, /acknowledged/);
});

test('acknowledgements are counted right at every split point, whatever stands between them', () => {
  const ack = (seq: number) => `MSG _INBOX.ack 1 28\r\n{"stream":"BENCH", "seq": ${seq}}\r\n`;
  const text = `${INFO}\r\n${ack(1)}${ack(2)}PING\r\n${ack(3)}MSG _INBOX.api 1 12\r\n{"error":{}}\r\n${ack(4)}`;
  for (let first = 0; first <= text.length; first++) {
    const [lines, others]: [string[], string[]] = [[], []];
    const reader = new AckReader(
      (body) => others.push(body),
      (line) => lines.push(line),
    );
    for (const part of [text.slice(0, first), text.slice(first)]) {
      if (part !== '') reader.accept(Buffer.from(`${part}\r\nleft over\r\n`), part.length);
    }
    assert.is(reader.acks, 4);
    assert.is(JSON.parse(reader.last).seq, 4);
    assert.equal([lines, others], [[INFO, 'PING'], ['{"error":{}}']]);
  }
});

test('a ratio compares medians, and is larger when throughput is higher or processor time lower', () => {
  const result = (perSecond: number, cpuMicrosPerMessage: number): LoadResult => ({
    published: 1,
    delivered: 1,
    seconds: 1,
    perSecond,
    cpuSeconds: 1,
    cpuMicrosPerMessage,
    residentBytes: 1,
    generatorCpuSeconds: 0.5,
    latency: null,
  });
  const of = (server: string, results: LoadResult[]) =>
    mediansOf(
      results.map((one, pair) => ({ row: 'row', server, pair, result: one })),
      'row',
      server,
    )!;
  const own = of('own', [result(100, 2), result(300, 1), result(200, 3)]);
  const quick = of('quick', [result(400, 4)]);
  const frugal = of('frugal', [result(50, 1)]);
  assert.equal(ratioTo(own, [quick]), { throughput: 0.5, cpu: 2 });
  assert.equal(ratioTo(own, [quick, frugal]), { throughput: 0.5, cpu: 0.5 });
  assert.is(ratioTo(own, []), null);
});

test('the command line is read, and a wrong number of pairs refused', () => {
  const options = readBenchOptions(['--rows', 'one-16,fan-8', '--pairs', '3']);
  assert.equal(options.rows, ['one-16', 'fan-8']);
  assert.is(options.pairs, 3);
  assert.is(readBenchOptions(['--quick']).pairs, 1);
  assert.throws(() => readBenchOptions(['--pairs', 'many']), /--pairs takes a number/);
});

test.run();
