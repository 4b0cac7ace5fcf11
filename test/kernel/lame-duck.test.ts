/** Lame duck mode by the clock: who is told what, when, and in which order people are sent away. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LameDuck } from '../../kernel/lame-duck.ts';
import { BrokerBench, type TestWire } from '../kits/broker-bench.ts';
import { spoken } from '../kits/spoken-log.ts';

const SECOND = 1000;

class Pond {
  readonly bench: BrokerBench;
  readonly said: string[];
  readonly duck: LameDuck;
  /** When everything was shut down; -1 while it is not. */
  shutAt = -1;
  readonly startedAt: number;

  constructor(durationMs: number, graceMs: number) {
    const { log, said } = spoken();
    this.said = said;
    const options = { lameDuckDurationMs: durationMs, lameDuckGraceMs: graceMs };
    this.bench = new BrokerBench(options, undefined, log);
    this.startedAt = this.bench.ports.clock.now();
    this.duck = new LameDuck(this.bench.broker, async () => {
      this.shutAt = this.elapsed;
    });
  }

  get elapsed(): number {
    return this.bench.ports.clock.now() - this.startedAt;
  }

  /** Clients that have said hello and had a PONG. */
  async clients(count: number): Promise<TestWire[]> {
    const wires: TestWire[] = [];
    for (let at = 0; at < count; at++) {
      const wire = await this.bench.client('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
      wire.clear();
      wires.push(wire);
    }
    return wires;
  }

  /** In steps of 10 ms; answers when each of them was ended. */
  async watch(wires: readonly TestWire[], untilMs: number): Promise<number[]> {
    const ended = wires.map(() => -1);
    for (;;) {
      for (const [at, wire] of wires.entries()) if (wire.isEnded && ended[at] === -1) ended[at] = this.elapsed;
      if (this.elapsed >= untilMs) return ended;
      await this.bench.ports.clock.advance(10);
      await this.bench.turn();
    }
  }
}

test('clients are told at once, stay for the grace period, and then leave one by one, at most a second apart', async () => {
  const pond = new Pond(30 * SECOND, 2 * SECOND);
  const wires = await pond.clients(4);
  void pond.duck.begin();
  await pond.bench.turn();
  for (const wire of wires) assert.match(wire.text, /^INFO \{.*"ldm":true.*\} ?\r\n$/);
  assert.ok(pond.said.includes('info Entering lame duck mode, stop accepting new clients'));
  const ended = await pond.watch(wires, 7 * SECOND);
  const sorted = [...ended].sort((a, b) => a - b);
  assert.is(sorted[0]! >= 2 * SECOND && sorted[0]! <= 2 * SECOND + 20, true, `the first at ${sorted[0]}`);
  for (let at = 1; at < sorted.length; at++) {
    const gap = sorted[at]! - sorted[at - 1]!;
    assert.ok(gap >= 490 && gap <= 1020, `${gap} ms apart`);
  }
  assert.ok(pond.shutAt >= sorted.at(-1)! - 20 && pond.shutAt <= sorted.at(-1)! + 20, 'nobody waits behind the last');
  for (const wire of wires) assert.not.match(wire.text, /-ERR/);
  const lines = pond.said.filter((line) => /lame duck|Closing existing|connection closed/.test(line));
  assert.is(lines[1], 'info Closing existing clients');
  assert.ok(lines.slice(2).every((line) => line.endsWith('Client connection closed: Server Shutdown')));
});

test('many clients leave within the duration', async () => {
  const pond = new Pond(30 * SECOND, 0);
  const wires = await pond.clients(120);
  void pond.duck.begin();
  const ended = await pond.watch(wires, 31 * SECOND);
  assert.ok(ended.every((at) => at >= 0 && at <= 30 * SECOND));
  assert.ok(Math.max(...ended) >= 14 * SECOND, 'and not all at once');
});

test('who left by itself is not waited for', async () => {
  const pond = new Pond(30 * SECOND, SECOND);
  const wires = await pond.clients(3);
  void pond.duck.begin();
  await pond.bench.turn();
  for (const wire of wires) wire.receiver?.onClosed(null);
  await pond.watch([], 2 * SECOND);
  assert.ok(pond.shutAt >= SECOND && pond.shutAt <= SECOND + 20, `shut at ${pond.shutAt}`);
});

test('without clients everything is shut at once', async () => {
  const pond = new Pond(30 * SECOND, 2 * SECOND);
  await pond.duck.begin();
  assert.is(pond.shutAt, 0);
});

test('whoever shuts down at once ends the waiting, in the grace period and behind it', async () => {
  for (const waitMs of [SECOND, 3 * SECOND]) {
    const pond = new Pond(30 * SECOND, 2 * SECOND);
    const wires = await pond.clients(50);
    const going = pond.duck.begin();
    await pond.watch(wires, waitMs);
    pond.duck.stop();
    await going;
    assert.ok(pond.shutAt <= waitMs + 20);
  }
});

test('a second call answers the first', () => {
  const pond = new Pond(30 * SECOND, 0);
  assert.is(pond.duck.begin(), pond.duck.begin());
});

test('what was published before the end is delivered before the end', async () => {
  const pond = new Pond(30 * SECOND, 0);
  const [wire] = await pond.clients(1);
  wire!.input(`SUB a 1\r\n${'PUB a 5\r\nhello\r\n'.repeat(100)}`);
  void pond.duck.begin();
  await pond.watch([], 100);
  assert.is(wire!.text.split('MSG a 1 5\r\nhello\r\n').length, 101);
  assert.ok(wire!.isEnded && !wire!.isDestroyed);
});

test.run();
