/**
 * How late the event loop is, measured while somebody looks.
 *
 * Measuring wakes the process some times a second, so it begins with the first scrape and ends some minutes after
 * the last. What is shown is of a window of some seconds, the same for all who look within one, so that several scrapers do
 * not take the figures from each other.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../kernel/plugin-api.ts';

/** Twenty times a second: a tenth of a percent of a core. */
export const RESOLUTION_MS = 50;
export const WINDOW_MS = 10_000;
const NANOSECONDS = 1e9;
const RESOLUTION = RESOLUTION_MS / 1000;

/** What measures: times between two wake-ups, in nanoseconds. */
export interface DelayHistogram {
  readonly count: number;
  readonly mean: number;
  percentile(percent: number): number;
  enable(): unknown;
  disable(): unknown;
  reset(): void;
}

/** Seconds. The quantiles are NaN while nothing was measured; sum and count go on over all windows. */
export interface LoopDelay {
  readonly quantiles: readonly (readonly [quantile: string, seconds: number])[];
  readonly sum: number;
  readonly count: number;
}

const QUANTILES: readonly (readonly [string, number])[] = [
  ['0.5', 50],
  ['0.9', 90],
  ['0.99', 99],
  ['0.999', 99.9],
];

export function createDelayHistogram(): DelayHistogram {
  return monitorEventLoopDelay({ resolution: RESOLUTION_MS });
}

export class LoopDelayMeter {
  private readonly clock: Clock;
  private readonly create: () => DelayHistogram;
  private histogram: DelayHistogram | null = null;
  private windowBegan = 0;
  private shown: LoopDelay = { quantiles: QUANTILES.map(([quantile]) => [quantile, Number.NaN]), sum: 0, count: 0 };

  constructor(clock: Clock, create: () => DelayHistogram = createDelayHistogram) {
    this.clock = clock;
    this.create = create;
  }

  get isOn(): boolean {
    return this.histogram !== null;
  }

  /** Begins to measure when nobody did. */
  read(): LoopDelay {
    const now = this.clock.monotonic();
    if (this.histogram === null) {
      this.histogram = this.create();
      this.histogram.enable();
      this.windowBegan = now;
    } else if (now - this.windowBegan >= WINDOW_MS && this.histogram.count > 0) {
      this.shown = after(this.shown, this.histogram);
      this.histogram.reset();
      this.windowBegan = now;
    }
    return this.shown;
  }

  stop(): void {
    this.histogram?.disable();
    this.histogram = null;
  }
}

function after({ sum, count }: LoopDelay, histogram: DelayHistogram): LoopDelay {
  return {
    quantiles: QUANTILES.map(([quantile, percent]) => [quantile, lateness(histogram.percentile(percent))]),
    sum: sum + lateness(histogram.mean) * histogram.count,
    count: count + histogram.count,
  };
}

/** Beyond the time that was meant to pass. A timer may also be a little early. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION);
}
