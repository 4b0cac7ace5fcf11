/** JSON, times and names in the form in which NATS servers write them. */
import type { Random } from '../../kernel/plugin-api.ts';

const DELICATE = /[<>&\u2028\u2029]/g;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 22;
const NANOSECONDS = 1e6;

/** Readers may put the text into a page: some characters are written as escapes. */
export function goJson(value: object): string {
  return JSON.stringify(value).replace(
    DELICATE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** RFC 3339 in UTC, without zeros at the end of the fraction. */
export function goTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}

export function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * NANOSECONDS);
}

export function eventId(random: Random): string {
  let id = '';
  for (let at = 0; at < ID_LENGTH; at++) id += DIGITS[random.below(DIGITS.length)];
  return id;
}
