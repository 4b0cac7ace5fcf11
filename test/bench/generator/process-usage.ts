import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time, of all threads. */
  cpuSeconds: number;
  residentBytes: number;
  peakResidentBytes: number;
}

/** What the operating system knows of a process; null where there is no /proc, or no such process. */
export function processUsage(pid: number): ProcessUsage | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return {
      cpuSeconds: cpuSeconds(readFileSync(`/proc/${pid}/stat`, 'latin1')),
      residentBytes: kilobytes(status, 'VmRSS') * 1024,
      peakResidentBytes: kilobytes(status, 'VmHWM') * 1024,
    };
  } catch {
    return null;
  }
}

/** The kernel counts in ticks of this length towards user space, whatever its own timer does. */
const TICKS_PER_SECOND = 100;

function cpuSeconds(stat: string): number {
  // The command's name stands in parentheses and may hold anything, spaces too; the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function kilobytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status);
  return match === null ? 0 : Number(match[1]);
}
