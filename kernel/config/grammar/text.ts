/** The four ways to write a string: in double quotes, in single quotes, bare, and as a block between parentheses. */
import { Buffer } from 'node:buffer';
import { END, isBlank, isLineEnd } from './character.ts';
import { EndOfText, type Scanner } from './scanner.ts';

/** Behind the opening `"`: escapes are resolved, line ends may stand as they are. */
export function readDoubleQuoted(scanner: Scanner): string {
  const pieces = readEscaped(scanner, (character) => character === '"' || character === END);
  if (scanner.peek() === END) failAtEnd(scanner, pieces.at(-1) === '');
  scanner.next();
  return joined(pieces);
}

/** Behind the opening `'`: nothing is special but the closing one. */
export function readSingleQuoted(scanner: Scanner): string {
  const end = scanner.text.indexOf("'", scanner.position);
  if (end < 0) return failAtEnd(scanner, scanner.peek() === END);
  const text = scanner.text.slice(scanner.position, end);
  scanner.position = end + 1;
  return text;
}

export interface BareText {
  readonly text: string;
  /** Nothing in it says that it is a string, so it may be a boolean or a reference instead. */
  readonly isPlain: boolean;
}

/** A string without quotes. It ends where another part of the grammar may go on, or at a `'`, which is swallowed. */
export function readBare(scanner: Scanner): BareText {
  const pieces = readEscaped(scanner, endsBareString);
  const isQuoted = scanner.accept("'");
  return { text: joined(pieces), isPlain: pieces.length === 1 && !isQuoted };
}

/** Behind the opening `(`: everything up to a `)` alone on its line, line ends included. */
export function readBlock(scanner: Scanner): string {
  const start = scanner.position;
  for (let end = scanner.text.indexOf('\n)', start); end >= 0; end = scanner.text.indexOf('\n)', end + 1)) {
    const behind = scanner.text.charAt(end + 2);
    if (behind !== '\n' && behind !== END) continue;
    scanner.position = end + 2;
    return scanner.text.slice(start, end + 1);
  }
  scanner.position = scanner.text.length;
  return scanner.fail('Unexpected EOF processing block.');
}

function endsBareString(character: string): boolean {
  return isLineEnd(character) || isBlank(character) || BARE_ENDS.has(character);
}

const BARE_ENDS: ReadonlySet<string> = new Set([END, ';', ',', ']', '}', "'"]);

/** A text that ends with nothing behind its opening quote, or behind an escape, ends the file quietly. */
function failAtEnd(scanner: Scanner, isQuiet: boolean): never {
  scanner.position = scanner.text.length;
  if (isQuiet) throw new EndOfText();
  return scanner.fail('Unexpected EOF.');
}

/** Reads up to the first character that `ends` the string: pieces of text, with the bytes of escapes between them. */
function readEscaped(scanner: Scanner, ends: (character: string) => boolean): (string | number)[] {
  const pieces: (string | number)[] = [];
  let start = scanner.position;
  for (let character = scanner.peek(); !ends(character); character = scanner.peek()) {
    scanner.position += character.length;
    if (character !== '\\') continue;
    pieces.push(scanner.text.slice(start, scanner.position - 1), readEscape(scanner));
    start = scanner.position;
  }
  pieces.push(scanner.text.slice(start, scanner.position));
  return pieces;
}

const SINGLE_ESCAPES: Record<string, string> = { t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\' };

/** Behind the backslash: a piece of text, or the value of one byte. */
function readEscape(scanner: Scanner): string | number {
  if (scanner.accept('x')) return readHexByte(scanner);
  const piece = SINGLE_ESCAPES[scanner.peek()];
  if (piece === undefined) {
    return scanner.failAtNext(
      'Invalid escape character ',
      '. Only the following escape characters are allowed: \\xXX, \\t, \\n, \\r, \\", \\\\.',
    );
  }
  scanner.next();
  return piece;
}

function readHexByte(scanner: Scanner): number {
  const { text, position } = scanner;
  for (let ahead = 1; ahead <= 2; ahead++) {
    if (!isLineEnd(text.charAt(position + ahead - 1))) continue;
    scanner.fail("Expected two hexadecimal digits after '\\x', but hit end of line", ahead);
  }
  const end = Math.min(position + 2, text.length);
  const digits = text.slice(end - 2, end);
  if (!/^[0-9a-fA-F]{2}$/.test(digits) || end - position < 2) {
    scanner.fail(`Expected two hexadecimal digits after '\\x', but got '${digits}'`);
  }
  scanner.position = end;
  return Number.parseInt(digits, 16);
}

/** Bytes from escapes may form characters together with their neighbours, so they are joined before decoding. */
function joined(pieces: readonly (string | number)[]): string {
  if (pieces.length === 1) return pieces[0] as string;
  const bytes = pieces.map((piece) => (typeof piece === 'number' ? Buffer.of(piece) : Buffer.from(piece)));
  return Buffer.concat(bytes).toString('utf8');
}
