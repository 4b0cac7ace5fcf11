import { cpus, totalmem } from 'node:os';
import { processUsage } from './generator/process-usage.ts';

/** One line, for the head of every table: a figure without its machine says nothing. */
export function describeMachine(): string {
  const cores = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const system = `${process.platform} ${process.arch}`;
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown processor'}, ${memory}, ${system}, Node ${process.versions.node}`;
}

export function hasProcessMeters(): boolean {
  return processUsage(process.pid) !== null;
}
