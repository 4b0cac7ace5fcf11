/**
 * What begins with a digit or a minus sign: an integer with or without a size suffix, a float, a date, or a
 * string that merely looks like one (`127.0.0.1:4222`, `30s`).
 */
import { END, isBlank, isDigit, isLineEnd, shown } from './character.ts';
import type { Scanner } from './scanner.ts';
import { readBare } from './text.ts';

export interface NumberToken {
  readonly kind: 'integer' | 'float' | 'datetime' | 'string';
  readonly text: string;
}

export function readNumber(scanner: Scanner): NumberToken {
  const start = scanner.position;
  skipDigits(scanner);
  const character = scanner.peek();
  if (character === '-') return readDate(scanner, start);
  if (character === '.') return readFraction(scanner, start);
  skipSuffix(scanner);
  if (endsNumber(scanner.peek())) return token('integer', scanner, start);
  return readAsString(scanner, start);
}

/** Digits behind a minus sign are a number for good: what cannot belong to one is left to the caller to refuse. */
export function readNegative(scanner: Scanner): NumberToken {
  const start = scanner.position++;
  const character = scanner.peek();
  if (character === '.') scanner.fail("Floats must start with a digit, not '.'.", 1);
  if (!isDigit(character)) scanner.failAtNext('Expected a digit but got ', '.');
  skipDigits(scanner);
  if (scanner.peek() === '.') return readFraction(scanner, start);
  if (!skipSuffix(scanner) || endsNumber(scanner.peek())) return token('integer', scanner, start);
  return readAsString(scanner, start);
}

const SUFFIX = /[kmgtpe][bi]*/iy;

function skipSuffix(scanner: Scanner): boolean {
  SUFFIX.lastIndex = scanner.position;
  const match = SUFFIX.exec(scanner.text);
  scanner.position += match === null ? 0 : match[0].length;
  return match !== null;
}

function endsNumber(character: string): boolean {
  return isLineEnd(character) || isBlank(character) || NUMBER_ENDS.has(character);
}

/** A closing bracket is not among them: `[1]` holds the beginning of the string `1]`. */
const NUMBER_ENDS: ReadonlySet<string> = new Set([END, ',', ';', '}']);

function readAsString(scanner: Scanner, start: number): NumberToken {
  const head = scanner.text.slice(start, scanner.position);
  // The character that cannot be part of a number is taken as it is, even where it would end a string or escape.
  const first = isDigit(head.at(-1)!) ? scanner.next() : '';
  return { kind: 'string', text: head + first + readBare(scanner).text };
}

/** At the first dot. A second one makes the whole an address. */
function readFraction(scanner: Scanner, start: number): NumberToken {
  scanner.next();
  if (!isDigit(scanner.peek())) {
    scanner.failAtNext("Floats must have a digit after the '.', but got ", ' instead.');
  }
  skipDigits(scanner);
  if (scanner.peek() !== '.') return token('float', scanner, start);
  while (isDigit(scanner.peek()) || '.:-'.includes(scanner.peek() || '?')) scanner.next();
  return token('string', scanner, start);
}

const DATE_REST = 'DD-DDTDD:DD:DDZ';

/** At the first dash behind digits: only a complete date may have one. */
function readDate(scanner: Scanner, start: number): NumberToken {
  scanner.next();
  if (scanner.position - start !== 5) scanner.fail('All ISO8601 dates must be in full Zulu form.');
  for (const expected of DATE_REST) {
    const found = scanner.peek();
    if (expected === 'D' ? isDigit(found) : found === expected) scanner.next();
    else failInDate(scanner, expected);
  }
  return token('datetime', scanner, start);
}

function failInDate(scanner: Scanner, expected: string): never {
  const wanted = expected === 'D' ? 'digit' : `'${shown(expected)}'`;
  return scanner.failAtNext(`Expected ${wanted} in ISO8601 datetime, but found `, ' instead.');
}

function skipDigits(scanner: Scanner): void {
  while (isDigit(scanner.peek())) scanner.position++;
}

function token(kind: NumberToken['kind'], scanner: Scanner, start: number): NumberToken {
  return { kind, text: scanner.text.slice(start, scanner.position) };
}
