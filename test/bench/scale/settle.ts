import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessUsage, processUsage } from '../generator/process-usage.ts';

const SETTLE_MS = 1_000;

/** What a process holds once it has been left in peace for a moment. */
export async function settledUsage(pid: number): Promise<ProcessUsage> {
  await delay(SETTLE_MS);
  const usage = processUsage(pid);
  if (usage === null) throw new Error('there is no /proc here, and so no way to see the memory of a process');
  return usage;
}
