import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { notifyNow } from '../../../kernel/hooks/hook-declaration.ts';
import { HookPoint } from '../../../kernel/hooks/hook-point.ts';

const CALLS = 2_000_000;
/** The best of several rounds: a budget speaks about the code, not about what else the machine does. */
const ROUNDS = 5;

const subject = { passed: 0 };

function newPoint() {
  return new HookPoint('message.passed', notifyNow<[object, number]>(['subject', 'n'], ''), { tapThrew: () => {} });
}

function nanosecondsPerCall(point: ReturnType<typeof newPoint>): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < CALLS; i++) {
      const slot = point.slot;
      if (slot !== null) slot(subject, i);
    }
    best = Math.min(best, ((performance.now() - started) * 1e6) / CALLS);
  }
  return best;
}

/** Bytes the heap grew while the calls were made; rounding and the measurement itself leave a few. */
function bytesPerCall(point: ReturnType<typeof newPoint>): number {
  nanosecondsPerCall(point);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i++) {
      const slot = point.slot;
      if (slot !== null) slot(subject, i);
    }
    best = Math.min(best, Math.max(0, process.memoryUsage().heapUsed - before) / 20_000);
  }
  return best;
}

const count = () => {
  subject.passed++;
};

test('a hook that nobody taps costs a comparison and no memory', () => {
  const point = newPoint();
  assert.ok(nanosecondsPerCall(point) < 20);
  assert.ok(bytesPerCall(point) < 1);
});

test('one tap costs nanoseconds and no memory', () => {
  const point = newPoint();
  point.tap({ plugin: 'a', rank: 0 }, count);
  assert.ok(nanosecondsPerCall(point) < 60);
  assert.ok(bytesPerCall(point) < 1);
});

test('three taps cost nanoseconds each and no memory', () => {
  const point = newPoint();
  for (const plugin of ['a', 'b', 'c']) point.tap({ plugin, rank: 0 }, count);
  assert.ok(nanosecondsPerCall(point) < 180);
  assert.ok(bytesPerCall(point) < 1);
});

test.run();
