/** /stacksz and /debug/vars: the process as those who debug it see it. */
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { MonitorAnswer } from '../contract.ts';

const JSON_FOR_ALL = { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'application/json' };
const JSON_TEXT = { 'Content-Type': 'application/json; charset=utf-8' };

/** There is one stack, and it is that of this answer: what the loop waits for says more. */
export function stacksz(): MonitorAnswer {
  const waiting = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) waiting.set(name, (waiting.get(name) ?? 0) + 1);
  const lines = [...waiting].sort().map(([name, count]) => `\t${count} ${name}`);
  const { stack = '' } = new Error('');
  const own = stack.split('\n').slice(1).join('\n');
  const text = `main thread [running]:\n${own}\n\nthe loop waits for:\n${lines.join('\n')}\n`;
  // So labelled by NATS servers, although it is none.
  return { text, status: 200, headers: JSON_FOR_ALL };
}

export function debugVars(): MonitorAnswer {
  const [cmdline, memstats] = [commandLine(process.argv), memoryFigures()].map((value) => JSON.stringify(value));
  return { text: `{\n"cmdline": ${cmdline},\n"memstats": ${memstats}\n}\n`, status: 200, headers: JSON_TEXT };
}

const SECRET_FLAGS = new Set(['user', 'pass', 'auth']);
const ADDRESS_FLAGS = new Set(['routes', 'cluster', 'cluster_listen']);
const HIDDEN = '[REDACTED]';

/** Passwords that were given as flags are not shown, nor those inside of addresses. */
export function commandLine(words: readonly string[]): string[] {
  let before = '';
  return words.map((word) => {
    const [, flag = '', value] = /^--?([a-z_]+)(?:=(.*))?$/s.exec(word) ?? [];
    const shown =
      value === undefined ? hidden(before, word) : `${word.slice(0, -value.length || undefined)}${hidden(flag, value)}`;
    before = value === undefined ? flag : '';
    return shown;
  });
}

function hidden(flag: string, value: string): string {
  if (SECRET_FLAGS.has(flag)) return HIDDEN;
  return ADDRESS_FLAGS.has(flag) ? value.replace(/\/\/[^@/,]*@/g, `//${HIDDEN}@`) : value;
}

/** By the names readers know; what only another runtime has is left out. */
function memoryFigures(): object {
  const heap = getHeapStatistics();
  const spaces = getHeapSpaceStatistics();
  return {
    Alloc: heap.used_heap_size,
    Sys: process.memoryUsage.rss(),
    HeapAlloc: heap.used_heap_size,
    HeapSys: heap.total_heap_size,
    HeapIdle: spaces.reduce((sum, { space_available_size }) => sum + space_available_size, 0),
    HeapInuse: heap.total_physical_size,
    OtherSys: heap.external_memory,
    NextGC: heap.heap_size_limit,
  };
}
