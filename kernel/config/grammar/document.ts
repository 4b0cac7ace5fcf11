/** The outermost level of a file: entries, with or without braces around them all. */
import type { Steps } from '../../ports/steps.ts';
import type { Place } from '../problem.ts';
import { END, isLineEnd } from './character.ts';
import { readKey, skipSeparator, TOP_KEY } from './key.ts';
import type { Reading } from './reading.ts';
import { EndOfText, ParseError } from './scanner.ts';
import { keepValue, readIncludeInSteps, skipComment } from './value.ts';
import { readValueInSteps } from './value-steps.ts';

/** Reads everything into the one open scope. Throws a ParseError where the text cannot be understood. */
export function* readDocument(reading: Reading): Steps<void> {
  try {
    yield* readEntries(reading, 'a top-level value');
  } catch (error) {
    if (!(error instanceof EndOfText)) throw error;
  }
  // A brace too many at the end reads as a key. It does no harm there.
  if (reading.pendingKey === null || reading.pendingKey === '}') return;
  const { file, line, column } = reading.scanner.place();
  throw new ParseError(`config is invalid (${file}:${line}:${column})`, { file, line, column });
}

/** `level` names the level in messages: the top of the file, or the braces around all of it. */
function* readEntries(reading: Reading, level: 'a top-level value' | 'a block-level value'): Steps<void> {
  const { scanner } = reading;
  const isBraced = level === 'a block-level value';
  for (;;) {
    scanner.skipSpace();
    if (scanner.peek() === END) throw new EndOfText();
    if (isBraced && scanner.accept('}')) return;
    if (skipComment(reading)) continue;
    if (scanner.peek() === '/') scanner.fail('Unexpected EOF.', 1);
    if (!scanner.accept('{')) {
      yield* readEntry(reading);
      yield;
      if (endEntry(reading, level) === 'closed' && isBraced) return;
      continue;
    }
    yield* readEntries(reading, 'a block-level value');
    if (!isBraced) continue;
    endNestedBraces(reading);
    return;
  }
}

function* readEntry(reading: Reading): Steps<void> {
  const { scanner } = reading;
  const key = readKey(scanner, TOP_KEY);
  if (key === null) {
    yield* readIncludeInSteps(reading);
    return;
  }
  reading.pendingKey = key.name;
  if (!skipSeparator(scanner) && scanner.peek() === END) throw new EndOfText();
  yield* readTopValue(reading, key.name, key.place);
}

function* readTopValue(reading: Reading, name: string, place: Place): Steps<void> {
  const { scanner } = reading;
  scanner.skipBlanks();
  if (isLineEnd(scanner.peek())) scanner.fail('Expected value but found new line', 1);
  keepValue(reading, name, place, yield* readValueInSteps(reading, place));
}

/** Behind a value. A closing brace ends the braces around all, and is swallowed where there are none. */
function endEntry(reading: Reading, level: string): 'closed' | 'open' {
  const { scanner } = reading;
  for (;;) {
    scanner.skipBlanks();
    if (skipComment(reading)) continue;
    const character = scanner.peek();
    if (character === END && level === 'a top-level value') return 'open';
    if (!isLineEnd(character) && ![',', ';', '}', '/'].includes(character)) break;
    scanner.next();
    if (character !== '/') return character === '}' ? 'closed' : 'open';
  }
  return scanner.failAtNext(`Expected ${level} to end with a new line, comment or EOF, but got `, ' instead.');
}

/** Braces within the braces around all have to be the last thing in them. */
function endNestedBraces(reading: Reading): void {
  const { scanner } = reading;
  for (;;) {
    scanner.skipSpace();
    if (scanner.accept('}')) return;
    if (skipComment(reading) || scanner.accept(',') || scanner.accept('/')) continue;
    scanner.failAtNext("Expected a block-level to end with a '}', but got ", ' instead.');
  }
}
