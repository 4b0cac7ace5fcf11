/** One JSON object per line, with the keys and level numbers that readers of pino's logs know. */
import type { LogLevel } from './log-record.ts';
import type { FormatRecord } from './text-format.ts';

const NUMBERS: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 };

export function jsonFormat(pid: number, hostname: string): FormatRecord {
  return ({ level, time, text }) =>
    `${JSON.stringify({ level: NUMBERS[level], time: Math.floor(time), pid, hostname, msg: text })}\n`;
}
