/** Times and durations as monitoring tools expect them. */
import { formatDuration, wireTime } from '../../kernel/plugin-api.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** What a time that never was looks like. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 with this machine's offset from UTC. */
export function localTime(milliseconds: number): string {
  const offset = -new Date(milliseconds).getTimezoneOffset();
  if (offset === 0) return wireTime(milliseconds);
  const shifted = new Date(milliseconds + offset * MINUTE * 1000).toISOString().slice(0, -1);
  return trimFraction(shifted) + offsetText(offset);
}

function trimFraction(text: string): string {
  return text.replace(/\.?0*$/, (zeros) => (text.includes('.') ? '' : zeros));
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
}

/** Whole seconds in the largest units: `4d2h0m9s`. */
export function uptimeText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    { unit: 'y', size: YEAR, of: Number.POSITIVE_INFINITY },
    { unit: 'd', size: DAY, of: YEAR },
    { unit: 'h', size: HOUR, of: DAY },
    { unit: 'm', size: MINUTE, of: HOUR },
  ].filter(({ size }) => seconds >= size);
  const text = parts.map(({ unit, size, of }) => `${Math.floor((seconds % of) / size)}${unit}`).join('');
  return `${text}${seconds % MINUTE}s`;
}

/** A round-trip time as Go prints durations, below a millisecond in whole microseconds: `444µs`, `1.71462ms`, `2.5s`. */
export function rttText(milliseconds: number): string {
  const microseconds = milliseconds * 1000;
  const isShort = microseconds >= 1 && milliseconds < 1;
  return formatDuration(isShort ? Math.floor(microseconds) / 1000 : Math.max(0, milliseconds));
}
