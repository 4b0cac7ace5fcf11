/** JSON, times and names in the form in which NATS servers write them. */
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

export function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * NANOSECONDS);
}

/** As long as the ids of events are, unless told. */
export function randomName(random: Random, length: number = ID_LENGTH): string {
  let name = '';
  for (let at = 0; at < length; at++) name += DIGITS[random.below(DIGITS.length)];
  return name;
}
