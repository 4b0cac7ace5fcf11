import { performance } from 'node:perf_hooks';
import type { Latency, LoadResult } from './load.ts';
import { processUsage } from './process-usage.ts';

export interface Counts {
  published: number;
  delivered: number;
  /** What the throughput is counted in. */
  counted: number;
  /** What the processor time is divided by. */
  messages: number;
  latency: Latency | null;
}

export interface MeasuredSpan {
  result(counts: Counts): LoadResult;
}

/** Runs `work`, which answers when it considers itself done, with the server's meters read before and after. */
export async function measure(pid: number, work: () => Promise<number>): Promise<MeasuredSpan> {
  const ownBefore = process.cpuUsage();
  const before = processUsage(pid);
  const startedAt = performance.now();
  const endedAt = await work();
  const after = processUsage(pid);
  const own = process.cpuUsage(ownBefore);
  const seconds = (endedAt - startedAt) / 1000;
  const cpuSeconds = before === null || after === null ? null : after.cpuSeconds - before.cpuSeconds;
  return {
    result: (counts) => ({
      published: counts.published,
      delivered: counts.delivered,
      seconds,
      perSecond: counts.counted / seconds,
      cpuSeconds,
      cpuMicrosPerMessage: cpuSeconds === null ? null : (cpuSeconds / counts.messages) * 1e6,
      residentBytes: after === null ? null : after.residentBytes,
      generatorCpuSeconds: (own.user + own.system) / 1e6,
      latency: counts.latency,
    }),
  };
}
