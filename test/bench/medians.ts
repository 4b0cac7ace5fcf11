import type { LoadResult } from './generator/load.ts';
import type { Measurement } from './measurements.ts';

/** The middle of several measurements of one row on one server, each quantity by itself. */
export interface Medians {
  perSecond: number;
  cpuMicrosPerMessage: number | null;
  residentBytes: number | null;
  p50Micros: number | null;
  p99Micros: number | null;
  /** Of the generator's process, as a share of one core. */
  generatorBusy: number;
  serverBusy: number | null;
}

export function mediansOf(measurements: Measurement[], row: string, server: string): Medians | null {
  const results = measurements.filter((one) => one.row === row && one.server === server).map(({ result }) => result);
  if (results.length === 0) return null;
  const middle = (read: (result: LoadResult) => number | null | undefined): number | null => {
    const values = results.map(read).filter((value) => typeof value === 'number');
    return values.length === results.length ? median(values) : null;
  };
  return {
    perSecond: middle((result) => result.perSecond)!,
    cpuMicrosPerMessage: middle((result) => result.cpuMicrosPerMessage),
    residentBytes: middle((result) => result.residentBytes),
    p50Micros: middle((result) => result.latency?.p50Micros),
    p99Micros: middle((result) => result.latency?.p99Micros),
    generatorBusy: middle((result) => result.generatorCpuSeconds / result.seconds)!,
    serverBusy: middle((result) => (result.cpuSeconds === null ? null : result.cpuSeconds / result.seconds)),
  };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many times better the first is: throughput, and the processor time that a message costs. */
export interface Ratio {
  throughput: number;
  cpu: number | null;
}

/** Against the best of the peers in each of the two, which may be two different ones. */
export function ratioTo(own: Medians, peers: Medians[]): Ratio | null {
  if (peers.length === 0) return null;
  const cpus = peers.map((peer) => peer.cpuMicrosPerMessage).filter((cpu) => cpu !== null);
  const isCpuKnown = own.cpuMicrosPerMessage !== null && cpus.length === peers.length;
  return {
    throughput: own.perSecond / Math.max(...peers.map((peer) => peer.perSecond)),
    cpu: isCpuKnown ? Math.min(...cpus) / own.cpuMicrosPerMessage! : null,
  };
}
