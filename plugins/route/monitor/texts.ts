/** Times as monitoring tools expect them. */
import { formatDuration } from '../../../kernel/plugin-api.ts';

const UNITS = [
  ['y', 31_536_000],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** RFC 3339 in UTC; the fraction has no more digits than it needs. */
export function utcTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** RFC 3339 with this machine's offset from UTC. */
export function localTime(milliseconds: number): string {
  const minutes = -new Date(milliseconds).getTimezoneOffset();
  if (minutes === 0) return utcTime(milliseconds);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
  return utcTime(milliseconds + minutes * 60_000).replace('Z', offset);
}

/** Whole seconds in the largest units: `4d2h0m9s`. */
export function uptimeText(milliseconds: number): string {
  let seconds = Math.max(0, Math.floor(milliseconds / 1000));
  let text = '';
  for (const [unit, size] of UNITS) {
    if (text === '' && seconds < size) continue;
    text += `${Math.floor(seconds / size)}${unit}`;
    seconds %= size;
  }
  return `${text}${seconds}s`;
}

/** Below a millisecond in whole microseconds. */
export function rttText(milliseconds: number): string {
  const isShort = milliseconds >= 0.001 && milliseconds < 1;
  return formatDuration(isShort ? Math.floor(milliseconds * 1000) / 1000 : milliseconds);
}
