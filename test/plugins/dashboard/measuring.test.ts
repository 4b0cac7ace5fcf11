/** Rates, increases and what is kept of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { History, SAMPLES_MAX } from '../../../plugins/dashboard/page/history.ts';
import { Increases, RateMeter } from '../../../plugins/dashboard/page/rates.ts';

const counters = (atMs: number, counts: Record<string, number>, epoch = 'a') => ({
  epoch,
  atMs,
  counts: new Map(Object.entries(counts)),
});

test('a rate is the growth of a counter by the time between two looks', () => {
  const meter = new RateMeter();
  assert.is(meter.measure(counters(0, { in: 100 })).get('in'), null);
  assert.is(meter.measure(counters(2000, { in: 300 })).get('in'), 100);
  assert.is(meter.measure(counters(3000, { in: 300 })).get('in'), 0);
});

test('after a restart of the server nothing is said until there are two looks at the new one', () => {
  const meter = new RateMeter();
  meter.measure(counters(0, { in: 100 }));
  assert.is(meter.measure(counters(1000, { in: 5000 }, 'b')).get('in'), null);
  assert.is(meter.measure(counters(2000, { in: 5010 }, 'b')).get('in'), 10);
});

test('a counter that is new or fell, and a clock that was put back, say nothing', () => {
  const meter = new RateMeter();
  meter.measure(counters(0, { in: 100 }));
  assert.equal([...meter.measure(counters(1000, { in: 40, out: 3 })).values()], [null, null]);
  assert.equal([...meter.measure(counters(500, { in: 50, out: 4 })).values()], [null, null]);
  assert.equal([...meter.measure(counters(1500, { in: 60, out: 4 })).values()], [10, 0]);
});

test('looks that are too close together repeat what was said', () => {
  const meter = new RateMeter();
  meter.measure(counters(0, { in: 0 }));
  assert.is(meter.measure(counters(1000, { in: 50 })).get('in'), 50);
  assert.is(meter.measure(counters(1001, { in: 60 })).get('in'), 50);
  assert.is(meter.measure(counters(2000, { in: 80 })).get('in'), 30);
});

test('what is no longer counted is forgotten', () => {
  const meter = new RateMeter();
  meter.measure(counters(0, { in: 10, out: 10 }));
  assert.equal([...meter.measure(counters(1000, { in: 10 })).keys()], ['in']);
  assert.is(meter.measure(counters(2000, { out: 20 })).get('out'), null);
});

test('an increase is that within the window, and a new counter began at zero', () => {
  const increases = new Increases(60_000);
  assert.is(increases.of('slow'), 0);
  increases.add(counters(0, { stalls: 5 }));
  assert.is(increases.of('stalls'), 0);
  increases.add(counters(30_000, { stalls: 7, slow: 1 }));
  assert.equal([increases.of('stalls'), increases.of('slow')], [2, 1]);
  increases.add(counters(95_000, { stalls: 7, slow: 1 }));
  assert.equal([increases.of('stalls'), increases.of('slow')], [0, 0]);
});

test('a restart and a clock that was put back begin a new window', () => {
  const increases = new Increases(60_000);
  increases.add(counters(10_000, { stalls: 5 }));
  increases.add(counters(11_000, { stalls: 9 }, 'b'));
  assert.is(increases.of('stalls'), 0);
  increases.add(counters(12_000, { stalls: 10 }, 'b'));
  assert.is(increases.of('stalls'), 1);
  increases.add(counters(1000, { stalls: 12 }, 'b'));
  assert.is(increases.of('stalls'), 0);
});

test('history keeps its span, and never more samples than it may', () => {
  const history = new History(10_000);
  for (let at = 0; at <= 30_000; at += 1000) history.add(at, { cpu: at });
  assert.is(history.length, 11);
  assert.is(history.column('cpu')[0]!.value, 20_000);
  history.resize(5000);
  assert.is(history.length, 6);
  const long = new History(3_600_000);
  for (let at = 0; at < SAMPLES_MAX + 100; at++) long.add(at, { cpu: 1 });
  assert.is(long.length, SAMPLES_MAX);
});

test('the window grows with the samples, from a least to the whole span', () => {
  const history = new History(600_000);
  assert.is(history.windowMs(60_000), 60_000);
  history.add(0, {});
  history.add(20_000, {});
  assert.is(history.windowMs(60_000), 60_000);
  history.add(90_000, {});
  assert.is(history.windowMs(60_000), 90_000);
});

test('an interruption breaks the line once, and samples too close together are not kept', () => {
  const history = new History(60_000);
  history.interrupt();
  history.add(1000, { cpu: 1 });
  history.add(1200, { cpu: 2 }, 500);
  history.interrupt();
  history.interrupt();
  history.add(9000, { cpu: 3 });
  assert.equal(
    history.column('cpu').map(({ value }) => value),
    [1, null, 3],
  );
  assert.is(history.nearest(2000)!.values!.cpu, 1);
  assert.is(history.nearest(8000)!.values!.cpu, 3);
});

test('a clock that was put back empties the history', () => {
  const history = new History(60_000);
  history.add(5000, { cpu: 1 });
  history.add(1000, { cpu: 2 });
  assert.equal(history.column('cpu'), [{ atMs: 1000, value: 2 }]);
});

test.run();
