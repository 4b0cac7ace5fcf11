/**
 * pino, in front of every destination.
 *
 * Its light entry is used: the main one brings worker threads and a file writer of its own, 20 ms and 7 MB that a broker
 * which formats its own lines would never use.
 */
import { createRequire } from 'node:module';
import type { LogLevel } from './log-record.ts';

/** A pino logger, as far as it is used. */
export type PinoLogger = Record<LogLevel, (text: string) => void>;

interface PinoOptions {
  level: LogLevel;
  browser: { asObject: true; write: Record<LogLevel, (entry: PinoEntry) => void> };
}

interface PinoEntry {
  readonly msg: string;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** All levels are let through: whether to debug and to trace are two questions, which one threshold cannot answer. */
export function pinoFront(write: (level: LogLevel, text: string) => void): PinoLogger {
  const pino = createRequire(import.meta.url)('pino/browser.js') as (options: PinoOptions) => PinoLogger;
  const writers = LEVELS.map((level) => [level, ({ msg }: PinoEntry) => write(level, msg)] as const);
  const perLevel = Object.fromEntries(writers) as PinoOptions['browser']['write'];
  return pino({ level: 'trace', browser: { asObject: true, write: perLevel } });
}
