import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createDelayHistogram,
  type DelayHistogram,
  LoopDelayMeter,
  RESOLUTION_MS,
  WINDOW_MS,
} from '../../../plugins/metrics/loop-delay.ts';
import { ProcessMeter } from '../../../plugins/metrics/process-meter.ts';
import { FakeClock } from '../../kits/fake-ports.ts';

const MILLISECOND = 1e6;

/** Says what it was told to have measured since the last reset. */
class FakeHistogram implements DelayHistogram {
  count = 0;
  mean = 0;
  isEnabled = false;
  resets = 0;

  percentile(percent: number): number {
    return this.mean + percent * MILLISECOND;
  }

  enable(): void {
    this.isEnabled = true;
  }

  disable(): void {
    this.isEnabled = false;
  }

  reset(): void {
    this.count = 0;
    this.resets++;
  }

  measured(count: number, meanMs: number): void {
    this.count = count;
    this.mean = (RESOLUTION_MS + meanMs) * MILLISECOND;
  }
}

function meter(): { clock: FakeClock; histogram: FakeHistogram; delay: LoopDelayMeter } {
  const clock = new FakeClock();
  const histogram = new FakeHistogram();
  return { clock, histogram, delay: new LoopDelayMeter(clock, () => histogram) };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

test('nothing is measured before somebody looks', () => {
  const { histogram, delay } = meter();
  assert.equal([delay.isOn, histogram.isEnabled], [false, false]);
  const { quantiles, sum, count } = delay.read();
  assert.equal([delay.isOn, histogram.isEnabled, sum, count], [true, true, 0, 0]);
  assert.ok(quantiles.every(([, seconds]) => Number.isNaN(seconds)));
  delay.stop();
  assert.equal([delay.isOn, histogram.isEnabled], [false, false]);
});

test('what is shown is of a whole window, without the time that was meant to pass', async () => {
  const { clock, histogram, delay } = meter();
  delay.read();
  histogram.measured(100, 2);
  await clock.advance(WINDOW_MS - 1);
  assert.is(delay.read().count, 0);
  await clock.advance(1);
  const { quantiles, sum, count } = delay.read();
  assert.equal(
    quantiles.map(([quantile, seconds]) => [quantile, rounded(seconds)]),
    [
      ['0.5', 0.052],
      ['0.9', 0.092],
      ['0.99', 0.101],
      ['0.999', 0.1019],
    ],
  );
  assert.equal([rounded(sum), count, histogram.resets], [0.2, 100, 1]);
});

test('several who look within a window see the same, and the totals go on', async () => {
  const { clock, histogram, delay } = meter();
  delay.read();
  histogram.measured(10, 1);
  await clock.advance(WINDOW_MS);
  const first = delay.read();
  histogram.measured(5, 4);
  await clock.advance(WINDOW_MS / 2);
  assert.is(delay.read(), first);
  await clock.advance(WINDOW_MS / 2);
  const { sum, count } = delay.read();
  assert.equal([rounded(sum), count], [0.03, 15]);
});

test('a timer that is early is not late by less than nothing', async () => {
  const { clock, histogram, delay } = meter();
  delay.read();
  histogram.measured(10, -200);
  await clock.advance(WINDOW_MS);
  const { quantiles, sum } = delay.read();
  assert.equal([sum, quantiles[0]![1]], [0, 0]);
});

test('the histogram of Node has what is asked of it', () => {
  const histogram = createDelayHistogram();
  histogram.enable();
  histogram.disable();
  assert.is(histogram.count, 0);
  assert.type(histogram.percentile(50), 'number');
});

/** Uses so many milliseconds of a processor. */
function burn(milliseconds: number): void {
  const { user, system } = process.cpuUsage();
  for (let now = { user, system }; now.user + now.system - user - system < milliseconds * 1000; )
    now = process.cpuUsage();
}

test('the process is measured when it is looked at', async () => {
  const clock = new FakeClock();
  const { delay } = meter();
  const measured = new ProcessMeter(clock, delay);
  const first = measured.read();
  for (const [name, value] of Object.entries(first)) {
    if (name === 'loopDelay' || name === 'cpuPercent') continue;
    assert.ok((value as number) > 0, name);
  }
  assert.is(first.cpuPercent, 0);
  assert.ok(first.heapUsedBytes <= first.heapTotalBytes && first.heapTotalBytes < first.heapLimitBytes);
  burn(20);
  await clock.advance(1000);
  const second = measured.read();
  assert.ok(second.cpuPercent >= 1.9 && second.cpuSeconds > first.cpuSeconds);
  assert.is(measured.read().cpuPercent, second.cpuPercent);
  measured.rest();
  assert.not(delay.isOn);
});

test.run();
