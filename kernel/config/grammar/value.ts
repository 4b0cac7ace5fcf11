/** Values, and the maps and arrays they nest in. */
import { outcomeOf, type Steps } from '../../ports/steps.ts';
import type { Place } from '../problem.ts';
import { END, isDigit, isLineEnd } from './character.ts';
import { MAP_KEY, readIncludePath, readKey, skipSeparator } from './key.ts';
import { booleanValue, datetimeValue, integerValue } from './literal.ts';
import { type ConfigNode, type MapEntry, placedAt } from './node.ts';
import { type NumberToken, readNegative, readNumber } from './number.ts';
import { type Reading, setEntry } from './reading.ts';
import { readBare, readBlock, readDoubleQuoted, readSingleQuoted } from './text.ts';

const DEPTH_MAX = 1000;

/**
 * Reads one value. It stands at `place`, or where it begins when that is null. The answer is null when
 * the text was understood but holds no value; the problem is recorded then.
 */
export function readValue(reading: Reading, place: Place | null): ConfigNode | null {
  const { scanner } = reading;
  const opening = scanner.peek();
  if (opening === '-') return numberNode(reading, place ?? scanner.place(), readNegative);
  if (isDigit(opening)) return numberNode(reading, place ?? scanner.place(), readNumber);
  if (opening === '.') scanner.fail('Floats must start with a digit', 1);
  if (!OPENINGS.has(opening)) return readBareValue(reading, place ?? scanner.place());
  scanner.next();
  if (opening === '[') return readArray(reading, place);
  const inside = place ?? scanner.place();
  if (opening === '{') return readMap(reading, inside);
  const value = readQuoted(reading, opening);
  return { kind: 'string', value, ...(place === null ? scanner.placeOfText(inside) : only(inside)) };
}

const OPENINGS: ReadonlySet<string> = new Set(['[', '{', '"', "'", '(']);

function readQuoted(reading: Reading, opening: string): string {
  if (opening === '"') return readDoubleQuoted(reading.scanner);
  return opening === '(' ? readBlock(reading.scanner) : readSingleQuoted(reading.scanner);
}

export function only(place: Place): Place {
  return { file: place.file, line: place.line, column: place.column };
}

function readBareValue(reading: Reading, place: Place): ConfigNode | null {
  const isReference = reading.scanner.peek() === '$';
  const line = isReference ? reading.scanner.place().line : 0;
  const { text, isPlain } = readBare(reading.scanner);
  if (!isPlain) return { kind: 'string', value: text, ...only(place) };
  if (isReference && !text.startsWith(BCRYPT_PREFIX)) {
    return referencedValue(reading, text.slice(1), line, place);
  }
  const boolean = booleanValue(text);
  if (boolean !== null) return { kind: 'boolean', value: boolean, ...only(place) };
  return { kind: 'string', value: text, ...only(place) };
}

/** A bcrypt hash of this version is a value as it stands, though it looks like a reference. */
const BCRYPT_PREFIX = '$2a$';

function referencedValue(reading: Reading, name: string, line: number, place: Place): ConfigNode | null {
  const entry = reading.scopes.findLast((scope) => scope.has(name))?.get(name);
  if (entry === undefined) return reading.environmentValue(name, line, place);
  entry.isReferenced = true;
  return placedAt(entry.value, place);
}

type NumberReader = (scanner: Reading['scanner']) => NumberToken;

function numberNode(reading: Reading, place: Place, read: NumberReader): ConfigNode | null {
  const token = read(reading.scanner);
  if (token.kind === 'string') return { kind: 'string', value: token.text, ...only(place) };
  if (token.kind === 'float') return floatNode(reading, place, token.text);
  if (token.kind === 'datetime') return datetimeNode(reading, place, token.text);
  return integerNode(reading, place, token.text);
}

function integerNode(reading: Reading, place: Place, text: string): ConfigNode | null {
  const outcome = integerValue(text);
  if ('value' in outcome) return { kind: 'integer', value: outcome.value, ...only(place) };
  if (outcome.failure === 'out of range') {
    reading.problems.bareError(place, `integer '${text}' is out of the range`);
  } else {
    reading.problems.warning(place, `'${text}' has no known size suffix; the entry is ignored`);
  }
  return null;
}

function floatNode(reading: Reading, place: Place, text: string): ConfigNode | null {
  const value = Number(text);
  if (Number.isFinite(value)) return { kind: 'float', value, ...only(place) };
  reading.problems.bareError(place, `float '${text}' is out of the range`);
  return null;
}

function datetimeNode(reading: Reading, place: Place, text: string): ConfigNode | null {
  const value = datetimeValue(text);
  if (value !== null) return { kind: 'datetime', value, ...only(place) };
  reading.problems.bareError(place, `expected Zulu formatted DateTime, but got '${text}'`);
  return null;
}

export function descend(reading: Reading): void {
  if (++reading.depth > DEPTH_MAX) reading.scanner.fail(`Values are nested more than ${DEPTH_MAX} levels deep.`);
  reading.pendingKey = null;
}

/** Behind the opening bracket. An array stands where it ends, unless it has a key. */
function readArray(reading: Reading, place: Place | null): ConfigNode {
  const { scanner } = reading;
  const elements: ConfigNode[] = [];
  descend(reading);
  while (skipToElement(reading)) {
    const element = readValue(reading, null);
    if (element !== null) elements.push(element);
    endElement(reading);
  }
  reading.depth--;
  return { kind: 'array', value: elements, ...only(place ?? scanner.place()) };
}

/** Moves to the next element; false when there is none and the closing bracket has been read. */
export function skipToElement(reading: Reading): boolean {
  const { scanner } = reading;
  for (;;) {
    scanner.skipSpace();
    if (scanner.accept(']')) return false;
    if (skipComment(reading)) continue;
    if (!',/'.includes(scanner.peek() || '?')) return true;
    scanner.fail("Unexpected array value terminator ','.", 1);
  }
}

/** Behind an element: a comma or a line end has to follow before the next. */
export function endElement(reading: Reading): void {
  const { scanner } = reading;
  scanner.skipBlanks();
  if (skipComment(reading)) return;
  const character = scanner.peek();
  if (character === ',' || character === '/' || isLineEnd(character)) scanner.next();
  else if (character !== ']') {
    scanner.failAtNext('Expected an array value terminator "," or an array terminator "]", but got ', ' instead.');
  }
}

/** Behind the opening brace. */
function readMap(reading: Reading, place: Place): ConfigNode {
  const entries = new Map<string, MapEntry>();
  descend(reading);
  reading.scopes.push(entries);
  while (skipToKey(reading)) readMapEntry(reading);
  reading.scopes.pop();
  reading.depth--;
  return { kind: 'map', value: entries, ...only(place) };
}

/** Moves to the next key; false when there is none and the closing brace has been read. */
export function skipToKey(reading: Reading): boolean {
  const { scanner } = reading;
  for (;;) {
    scanner.skipSpace();
    if (scanner.accept('}')) return false;
    if (scanner.peek() === END) scanner.fail('Unexpected EOF processing map.');
    if (scanner.peek() === ']') scanner.fail("Unexpected array end ']' processing map.", 1);
    if (!skipComment(reading)) return true;
  }
}

function readMapEntry(reading: Reading): void {
  const { scanner } = reading;
  const key = readKey(scanner, MAP_KEY);
  if (key === null) outcomeOf(readIncludeInSteps(reading));
  else if (!readKeyedValue(reading, key.name, key.place)) return;
  endMapEntry(reading);
}

/** False when the map ends before the value. */
function readKeyedValue(reading: Reading, name: string, place: Place): boolean {
  if (!reachValue(reading, name, place)) return false;
  keepValue(reading, name, place, readValue(reading, place));
  return true;
}

/** Between a key of a map and its value. False when the map ends before the value. */
export function reachValue(reading: Reading, name: string, place: Place): boolean {
  const { scanner } = reading;
  skipSeparator(scanner);
  scanner.skipSpace();
  if (scanner.peek() === ',') scanner.fail('Unexpected map value terminator ",".', 1);
  if (scanner.peek() === '}') {
    reading.problems.error(place, `"${name}" has no value`);
    return false;
  }
  reading.pendingKey = name;
  return true;
}

/** Behind the value of a key. */
export function keepValue(reading: Reading, name: string, place: Place, value: ConfigNode | null): void {
  reading.pendingKey = null;
  if (value !== null) setEntry(reading, name, place, value);
}

/** Behind a value in a map. The closing brace is left for whoever looks for the next key. */
export function endMapEntry(reading: Reading): void {
  const { scanner } = reading;
  for (;;) {
    scanner.skipBlanks();
    const character = scanner.peek();
    if (character === '}') return;
    if (skipComment(reading)) continue;
    if (!isLineEnd(character) && ![',', ';', '/'].includes(character)) break;
    scanner.next();
    return;
  }
  scanner.failAtNext('Expected a map value terminator "," or a map terminator "}", but got ', ' instead.');
}

/** Behind the word `include`: takes the other file's entries into the innermost map. */
export function* readIncludeInSteps(reading: Reading): Steps<void> {
  const place = reading.scanner.place();
  const path = readIncludePath(reading.scanner);
  const included = yield* reading.include(path, place);
  for (const entry of included?.value.values() ?? []) setEntry(reading, entry.key, entry, entry.value);
}

/** Skips a comment to the end of its line; false when there is none. */
export function skipComment(reading: Reading): boolean {
  const { scanner } = reading;
  if (scanner.peek() !== '#' && !scanner.startsWith('//')) return false;
  scanner.skipToLineEnd();
  return true;
}
