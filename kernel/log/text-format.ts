/** Lines as a NATS server writes them: `[123] 2026/01/31 12:00:00.000000 [INF] text`. */
import type { LogLevel, LogRecord } from './log-record.ts';

export interface TextFormat {
  readonly pid: number;
  readonly hasTime: boolean;
  readonly isUtc: boolean;
  readonly isColoured: boolean;
}

export type FormatRecord = (record: LogRecord) => string;

const LABELS: Readonly<Record<LogLevel, string>> = {
  info: 'INF',
  debug: 'DBG',
  warn: 'WRN',
  error: 'ERR',
  fatal: 'FTL',
  trace: 'TRC',
};

const COLOURS: Readonly<Record<LogLevel, string>> = {
  info: '32',
  debug: '36',
  warn: '0;93',
  error: '31',
  fatal: '31',
  trace: '33',
};

export function textFormat({ pid, hasTime, isUtc, isColoured }: TextFormat): FormatRecord {
  const second = secondText(isUtc);
  return ({ level, time, text }) => {
    const label = isColoured ? `\x1b[${COLOURS[level]}m${LABELS[level]}\x1b[0m` : LABELS[level];
    return `[${pid}] ${hasTime ? `${second(time)}.${microseconds(time)} ` : ''}[${label}] ${text}\n`;
  };
}

/** Date and time to the second, remembered: many lines fall into the same one. */
function secondText(isUtc: boolean): (time: number) => string {
  let known = Number.NaN;
  let text = '';
  return (time) => {
    const second = Math.floor(time / 1000);
    if (second === known) return text;
    known = second;
    text = dateText(second * 1000, isUtc);
    return text;
  };
}

function dateText(milliseconds: number, isUtc: boolean): string {
  const date = new Date(milliseconds);
  const shown = isUtc ? date : new Date(milliseconds - date.getTimezoneOffset() * 60_000);
  return shown.toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/');
}

function microseconds(time: number): string {
  const within = time - Math.floor(time / 1000) * 1000;
  return String(Math.floor(within * 1000)).padStart(6, '0');
}
