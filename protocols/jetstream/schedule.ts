/** When a scheduled message is due: once, again and again, or by the calendar of a time zone. */
import { type CronFields, nextCronTime, parseCron } from './cron.ts';
import { parseDurationText } from './duration-text.ts';
import { isZone, zoneText } from './time-zone.ts';
import { parseTime } from './timestamp.ts';

export type Schedule =
  | { readonly kind: 'once'; readonly at: number }
  | { readonly kind: 'every'; readonly intervalMs: number }
  | { readonly kind: 'calendar'; readonly fields: CronFields; readonly zone: string };

export type ScheduleFault = 'pattern' | 'zone';

const NANOS_PER_MS = 1_000_000n;
const SECOND_MS = 1000;
const ALIASES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};

/** `zone` is null where none is given. */
export function parseSchedule(pattern: string, zone: string | null): Schedule | ScheduleFault {
  if (pattern.startsWith('@at ') || pattern.startsWith('@every ')) {
    return zone === null ? parseFixed(pattern) : 'pattern';
  }
  if (zone !== null && !isZone(zone)) return 'zone';
  const fields = parseCron(ALIASES[pattern] ?? pattern);
  return fields === null ? 'pattern' : { kind: 'calendar', fields, zone: zone ?? 'UTC' };
}

function parseFixed(pattern: string): Schedule | ScheduleFault {
  const value = pattern.slice(pattern.indexOf(' ') + 1);
  if (pattern.startsWith('@at ')) {
    const time = parseTime(value);
    return typeof time === 'string' ? 'pattern' : { kind: 'once', at: Number(time.nanos / NANOS_PER_MS) };
  }
  const interval = parseDurationText(value);
  if (interval === null || interval < 1_000_000_000n) return 'pattern';
  return { kind: 'every', intervalMs: Number(interval / NANOS_PER_MS) };
}

/** The first time after now, in milliseconds; null where there is none. A time that is over counts once. */
export function firstDue(schedule: Schedule, now: number): number | null {
  return schedule.kind === 'once' ? schedule.at : nextDue(schedule, now);
}

/** The time after one that was due now; null when that was the last. */
export function nextDue(schedule: Schedule, now: number): number | null {
  switch (schedule.kind) {
    case 'once':
      return null;
    case 'every':
      return Math.round(now / SECOND_MS) * SECOND_MS + schedule.intervalMs;
    case 'calendar':
      return nextCronTime(schedule.fields, schedule.zone, now);
  }
}

/** A time as messages carry it, by the clock of the schedule's zone. */
export function dueText(schedule: Schedule, at: number): string {
  return zoneText(schedule.kind === 'calendar' ? schedule.zone : 'UTC', at);
}
