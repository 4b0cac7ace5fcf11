/** Answers of the monitor, read without trust: whatever is missing or of another kind becomes something that can be shown. */

export type Row = Readonly<Record<string, unknown>>;

const NOTHING: Row = Object.freeze({});
const SHOWN_LENGTH_MAX = 200;
/** Control characters, and those that turn the direction of what follows: a name must not rewrite its surroundings. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function rowOf(value: unknown): Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : NOTHING;
}

export function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.map(rowOf) : [];
}

/** Zero for what is no number. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** As it may be shown: no invisible characters, and of a bounded length. */
export function textOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return '';
  const text = value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX - 1)}…` : value;
  return text.replace(UNSEEN, '\ufffd');
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

/** The numbers of an object, by name. */
export function countsOf(value: unknown): Map<string, number> {
  return new Map(Object.entries(rowOf(value)).map(([name, count]) => [textOf(name), numberOf(count)]));
}
