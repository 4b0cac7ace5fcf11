/** Keys, the separators behind them, and the one word that looks like a key and is not: `include`. */
import type { Place } from '../problem.ts';
import { END, isBlank, isDigit, isLineEnd, isSeparator, isSpace } from './character.ts';
import { EndOfText, type Scanner } from './scanner.ts';

export interface Key {
  readonly name: string;
  readonly place: Place;
}

/** The messages for a text that ends inside a key differ between the top of a file and a map. */
export interface KeyMessages {
  readonly atSeparator: string;
  readonly inQuotes: string;
  readonly inDoubleQuotes: string;
  /** Null: the key is taken, and its value found missing. */
  readonly inBareKey: string | null;
}

export const TOP_KEY: KeyMessages = {
  atSeparator: '',
  inQuotes: 'Unexpected EOF.',
  inDoubleQuotes: 'Unexpected EOF.',
  inBareKey: null,
};

export const MAP_KEY: KeyMessages = {
  atSeparator: '.',
  inQuotes: 'Unexpected EOF processing quoted map key.',
  inDoubleQuotes: 'Unexpected EOF processing double quoted map key.',
  inBareKey: 'Unexpected EOF processing map key.',
};

/** Reads a key; null where the entry is an `include`. */
export function readKey(scanner: Scanner, messages: KeyMessages): Key | null {
  const first = scanner.peek();
  if (first === '/') return readKeyBehindSlash(scanner, messages);
  if (isSeparator(first)) scanner.fail(`Unexpected key separator '${first}'${messages.atSeparator}`, 1);
  return first === '"' || first === "'" ? readQuotedKey(scanner, messages) : readBareKey(scanner, messages);
}

/** The slash is dropped, and whatever follows it begins the key, were it a blank or a quote. */
function readKeyBehindSlash(scanner: Scanner, messages: KeyMessages): Key | null {
  scanner.next();
  const place = scanner.place();
  const first = scanner.next();
  const rest = readBareKey(scanner, messages);
  return { name: first + (rest?.name ?? ''), place };
}

function readQuotedKey(scanner: Scanner, messages: KeyMessages): Key {
  const closing = scanner.next();
  const place = scanner.place();
  const start = scanner.position;
  const end = scanner.text.indexOf(closing, start);
  if (end < 0) {
    scanner.position = scanner.text.length;
    if (scanner.position === start && messages.inBareKey === null) throw new EndOfText();
    scanner.fail(closing === '"' ? messages.inDoubleQuotes : messages.inQuotes);
  }
  scanner.position = end + 1;
  return { name: scanner.text.slice(start, end), place: scanner.placeOfText(place) };
}

function readBareKey(scanner: Scanner, messages: KeyMessages): Key | null {
  const place = scanner.place();
  const start = scanner.position;
  for (let character = scanner.peek(); !endsKey(character); character = scanner.peek()) {
    scanner.position += character.length;
  }
  if (scanner.peek() === END && messages.inBareKey !== null) scanner.fail(messages.inBareKey);
  const name = scanner.text.slice(start, scanner.position);
  if (name.toLowerCase() === 'include' && isSpace(scanner.peek())) return null;
  return { name, place };
}

function endsKey(character: string): boolean {
  return character === END || isSpace(character) || isSeparator(character);
}

/** Skips what stands between a key and its value; true when more than white space does. */
export function skipSeparator(scanner: Scanner): boolean {
  scanner.skipSpace();
  if (!isSeparator(scanner.peek())) return false;
  scanner.next();
  return true;
}

const NOT_A_PATH: Record<string, string> = {
  '[': 'Expected include value but found start of an array',
  '{': 'Expected include value but found start of a map',
  '(': 'Expected include value but found start of a block',
  '\\': 'Expected include value but found escape sequence',
};

/** Behind the word `include`: the path, in either kind of quotes or bare. */
export function readIncludePath(scanner: Scanner): string {
  scanner.skipBlanks();
  const first = scanner.peek();
  if (first === '"' || first === "'") return readQuotedPath(scanner);
  if (isLineEnd(first)) scanner.fail('Expected include value but found new line', 1);
  if (first === '-' || isDigit(first)) scanner.fail('Expected include value but found start of a number', 1);
  const refusal = NOT_A_PATH[first];
  if (refusal !== undefined) scanner.fail(refusal, 1);
  return readBarePath(scanner);
}

function readQuotedPath(scanner: Scanner): string {
  const closing = scanner.next();
  const start = scanner.position;
  const end = scanner.text.indexOf(closing, start);
  if (end < 0) {
    scanner.position = scanner.text.length;
    scanner.fail(closing === '"' ? 'Unexpected EOF in double quoted include' : 'Unexpected EOF in quoted include');
  }
  scanner.position = end + 1;
  return scanner.text.slice(start, end);
}

function readBarePath(scanner: Scanner): string {
  const start = scanner.position;
  for (let character = scanner.peek(); !endsPath(character); character = scanner.peek()) {
    scanner.position += character.length;
  }
  const path = scanner.text.slice(start, scanner.position);
  if (scanner.peek() === "'") scanner.next();
  return path;
}

function endsPath(character: string): boolean {
  return isLineEnd(character) || isBlank(character) || [END, ';', '}', "'"].includes(character);
}
