/** What this process takes of the machine, measured when somebody asks. */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../kernel/plugin-api.ts';
import { type LoopDelay, LoopDelayMeter } from './loop-delay.ts';

export interface ProcessFacts {
  readonly cores: number;
  /** Of one core since the last look, with one decimal. */
  readonly cpuPercent: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
  readonly loopActiveSeconds: number;
  readonly loopIdleSeconds: number;
  readonly loopDelay: LoopDelay;
}

export interface Meter {
  read(): ProcessFacts;
  /** Nobody has looked for a while. */
  rest(): void;
}

/** Two measurements closer together than this say little. */
const SAMPLE_MS = 1000;
const MICROSECONDS = 1e6;

export class ProcessMeter implements Meter {
  private readonly clock: Clock;
  private readonly delay: LoopDelayMeter;
  private readonly cores = availableParallelism();
  private readonly heapLimitBytes = getHeapStatistics().heap_size_limit;
  private measuredAt: number;
  private measured: number;
  private percent = 0;

  constructor(clock: Clock, delay = new LoopDelayMeter(clock)) {
    this.clock = clock;
    this.delay = delay;
    this.measuredAt = clock.monotonic();
    this.measured = cpuSeconds();
  }

  read(): ProcessFacts {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    const { active, idle } = performance.eventLoopUtilization();
    return {
      cores: this.cores,
      cpuPercent: this.cpuPercent(),
      cpuSeconds: cpuSeconds(),
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      heapLimitBytes: this.heapLimitBytes,
      externalBytes: external,
      arrayBufferBytes: arrayBuffers,
      loopActiveSeconds: active / 1000,
      loopIdleSeconds: idle / 1000,
      loopDelay: this.delay.read(),
    };
  }

  rest(): void {
    this.delay.stop();
  }

  private cpuPercent(): number {
    const elapsedMs = this.clock.monotonic() - this.measuredAt;
    if (elapsedMs < SAMPLE_MS) return this.percent;
    const used = cpuSeconds();
    this.percent = Math.round(((used - this.measured) / elapsedMs) * 1_000_000) / 10;
    this.measuredAt += elapsedMs;
    this.measured = used;
    return this.percent;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}
