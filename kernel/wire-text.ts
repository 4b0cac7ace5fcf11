/** JSON, times, durations and names in the form in which NATS servers write them. */
import { formatDuration } from './config/duration.ts';
import type { Random } from './ports/ports.ts';

const DELICATE = /[<>&\u2028\u2029]/g;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 22;
const NANOSECONDS = 1e6;

/** Readers may put the text into a page: characters that could end a script element are written as escapes. */
export function wireJson(value: object, indent?: number): string {
  return escapedJson(JSON.stringify(value, null, indent));
}

export function escapedJson(json: string): string {
  return json.replace(DELICATE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** RFC 3339 in UTC, without zeros at the end of the fraction. */
export function wireTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** The same with this machine's offset from UTC. */
export function localWireTime(milliseconds: number): string {
  const minutes = -new Date(milliseconds).getTimezoneOffset();
  if (minutes === 0) return wireTime(milliseconds);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
  return wireTime(milliseconds + minutes * 60_000).replace('Z', offset);
}

const UNITS = [
  ['y', 31_536_000],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

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

/** A round-trip time, below a millisecond in whole microseconds: `444µs`, `1.71462ms`, `2.5s`. */
export function rttText(milliseconds: number): string {
  const microseconds = milliseconds * 1000;
  const isShort = microseconds >= 1 && milliseconds < 1;
  return formatDuration(isShort ? Math.floor(microseconds) / 1000 : Math.max(0, milliseconds));
}

export function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * NANOSECONDS);
}

/** As long as the ids of events are, unless told. */
export function randomName(random: Random, length: number = ID_LENGTH): string {
  let name = '';
  for (let at = 0; at < length; at++) name += DIGITS[random.below(DIGITS.length)];
  return name;
}
