/** The times of day at which a user may be here. */
import type { TimeWindowClaims } from '../../../protocols/jwt/permission-claims.ts';

const SECOND = 1000;
const DAY = 86_400;
const TIME_OF_DAY = /^(\d{1,2}):(\d{2}):(\d{2})$/;

export function isTimeOfDay(text: string): boolean {
  const [, hours, minutes, seconds] = TIME_OF_DAY.exec(text) ?? [];
  return hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Until when somebody may stay who comes now, in milliseconds; null for whoever may not come in now. A window may end on the day
 * after it began. An empty zone is this machine's.
 */
export function stayUntil(windows: readonly TimeWindowClaims[], zone: string, now: number): number | null {
  if (windows.length === 0) return Number.POSITIVE_INFINITY;
  const time = timeOfDayAt(now, zone);
  for (const { start, end } of windows) {
    const [from, to] = [secondsOf(start), secondsOf(end)];
    const length = (to - from + DAY) % DAY;
    const passed = (time - from + DAY) % DAY;
    if (passed < length) return now - (now % SECOND) + (length - passed) * SECOND;
  }
  return null;
}

function timeOfDayAt(now: number, zone: string): number {
  const timeZone = zone === '' ? undefined : zone;
  const text = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(now);
  return secondsOf(text);
}

function secondsOf(text: string): number {
  const [, hours, minutes, seconds] = TIME_OF_DAY.exec(text) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
