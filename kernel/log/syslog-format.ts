/** Lines for the system log: `<29>2026-01-31T12:00:00+01:00 host nats-server[123]: text`. */
import type { LogLevel, LogRecord } from './log-record.ts';

/** Facilities: what comes from services of this machine, and what is sent to another. */
export const SYSLOG_DAEMON = 3;
export const SYSLOG_KERNEL = 0;

const SEVERITIES: Readonly<Record<LogLevel, number>> = { fatal: 2, error: 3, warn: 4, info: 5, trace: 5, debug: 7 };

export function syslogPriority(facility: number, level: LogLevel): number {
  return facility * 8 + SEVERITIES[level];
}

export interface SyslogSender {
  readonly facility: number;
  readonly hostname: string;
  readonly tag: string;
  readonly pid: number;
}

export function syslogLine({ facility, hostname, tag, pid }: SyslogSender, { level, time, text }: LogRecord): string {
  const host = hostname === '' ? '' : `${hostname} `;
  return `<${syslogPriority(facility, level)}>${timestamp(time)} ${host}${tag}[${pid}]: ${text}\n`;
}

function timestamp(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const size = Math.abs(offset);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`;
}
