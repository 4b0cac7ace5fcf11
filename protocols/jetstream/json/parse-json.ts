/**
 * Reads JSON by the byte. Faults are worded as a NATS server words them: tools show them to people, and clients compare
 * what two servers say.
 */
import { Buffer } from 'node:buffer';
import { JsonFault, type JsonKind, type JsonMember, type JsonNode } from './json-node.ts';

/** More than any request needs; the stack of this process bears several times as many. */
const DEPTH_MAX = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

const NO_MEMBERS: readonly JsonMember[] = Object.freeze([]);
const NO_ITEMS: readonly JsonNode[] = Object.freeze([]);

export interface ParsedJson {
  readonly node: JsonNode;
  /** Where the value ended. */
  readonly end: number;
}

/** One value from `start` on; what follows it is left alone. Null where there is nothing but white space. */
export function parseJson(bytes: Uint8Array, start = 0): ParsedJson | JsonFault | null {
  const reader = new Reader(bytes, start);
  reader.skipSpace();
  if (reader.at === bytes.length) return null;
  try {
    const node = reader.value(0);
    return { node, end: reader.at };
  } catch (fault) {
    if (fault instanceof JsonFault) return fault;
    throw fault;
  }
}

/** Recursive descent: a fault is thrown inside, and answered outside. */
class Reader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  skipSpace(): void {
    while (this.at < this.bytes.length && isSpace(this.bytes[this.at]!)) this.at++;
  }

  value(depth: number): JsonNode {
    if (depth > DEPTH_MAX) throw new JsonFault('exceeded max depth', this.at + 1);
    switch (this.peek()) {
      case 0x7b:
        return this.object(depth);
      case 0x5b:
        return this.array(depth);
      case QUOTE: {
        const start = this.at;
        return this.node('string', this.string(), start);
      }
      case 0x74:
        return this.literal('true', 'bool');
      case 0x66:
        return this.literal('false', 'bool');
      case 0x6e:
        return this.literal('null', 'null');
      default:
        return this.number();
    }
  }

  private object(depth: number): JsonNode {
    const start = this.at++;
    const members: JsonMember[] = [];
    this.skipSpace();
    if (this.peek() !== 0x7d) {
      do {
        members.push(this.member(depth));
      } while (this.goesOn(0x7d, 'after object key:value pair'));
    } else this.at++;
    return { kind: 'object', text: '', members, items: NO_ITEMS, start, end: this.at };
  }

  private member(depth: number): JsonMember {
    this.skipSpace();
    if (this.peek() !== QUOTE) throw this.unexpected('looking for beginning of object key string');
    const key = this.string();
    this.skipSpace();
    if (this.peek() !== 0x3a) throw this.unexpected('after object key');
    this.at++;
    this.skipSpace();
    return { key, value: this.value(depth + 1) };
  }

  private array(depth: number): JsonNode {
    const start = this.at++;
    const items: JsonNode[] = [];
    this.skipSpace();
    if (this.peek() !== 0x5d) {
      do {
        this.skipSpace();
        items.push(this.value(depth + 1));
      } while (this.goesOn(0x5d, 'after array element'));
    } else this.at++;
    return { kind: 'array', text: '', members: NO_MEMBERS, items, start, end: this.at };
  }

  /** Behind a member or an item: a comma, or the end. */
  private goesOn(close: number, place: string): boolean {
    this.skipSpace();
    const byte = this.peek();
    if (byte !== 0x2c && byte !== close) throw this.unexpected(place);
    this.at++;
    return byte !== close;
  }

  private string(): string {
    const start = this.at++;
    for (let isPlain = true; ; this.at++) {
      const byte = this.peek();
      if (byte === QUOTE) {
        this.at++;
        return isPlain ? this.utf8(start + 1, this.at - 1) : JSON.parse(this.utf8(start, this.at));
      }
      if (byte === BACKSLASH) {
        isPlain = false;
        this.escape();
      } else if (byte < 0x20) throw this.unexpected('in string');
    }
  }

  /** Leaves the reader on the last byte of the escape. */
  private escape(): void {
    const start = this.at++;
    const byte = this.peek();
    if (byte !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw this.badEscape(start, 2);
      return;
    }
    if (start + 6 > this.bytes.length) throw ended();
    const digits = this.utf8(start + 2, start + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.badEscape(start, 6);
    this.at = start + 5;
  }

  private badEscape(start: number, length: number): JsonFault {
    return new JsonFault(`invalid escape sequence \`${this.utf8(start, start + length)}\` in string`, start + length);
  }

  private number(): JsonNode {
    const start = this.at;
    if (this.peek() === MINUS) this.at++;
    else if (!isDigit(this.peek())) throw this.unexpected('looking for beginning of value');
    if (this.peek() === ZERO) this.at++;
    else this.digits();
    if (this.bytes[this.at] === DOT) {
      this.at++;
      this.digits();
    }
    if (this.bytes[this.at] === 0x65 || this.bytes[this.at] === 0x45) {
      this.at++;
      if (this.peek() === 0x2b || this.peek() === MINUS) this.at++;
      this.digits();
    }
    return this.node('number', this.utf8(start, this.at), start);
  }

  private digits(): void {
    if (!isDigit(this.peek())) throw this.unexpected('in numeric literal');
    while (this.at < this.bytes.length && isDigit(this.bytes[this.at]!)) this.at++;
  }

  private literal(word: 'true' | 'false' | 'null', kind: JsonKind): JsonNode {
    const start = this.at;
    for (let index = 0; index < word.length; index++, this.at++) {
      if (this.peek() === word.charCodeAt(index)) continue;
      throw this.unexpected(`in literal ${word} (expecting '${word[index]}')`);
    }
    return this.node(kind, kind === 'null' ? '' : word, start);
  }

  private node(kind: JsonKind, text: string, start: number): JsonNode {
    return { kind, text, members: NO_MEMBERS, items: NO_ITEMS, start, end: this.at };
  }

  private peek(): number {
    if (this.at >= this.bytes.length) throw ended();
    return this.bytes[this.at]!;
  }

  private unexpected(place: string): JsonFault {
    const [character = ''] = this.utf8(this.at, Math.min(this.at + 4, this.bytes.length));
    const length = Buffer.byteLength(character);
    return new JsonFault(`invalid character ${quotedCharacter(character)} ${place}`, this.at + length);
  }

  private utf8(start: number, end: number): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, end - start).toString('utf8');
  }
}

const NAMED: Readonly<Record<string, string>> = {
  "'": "'\\''",
  '"': "'\"'",
  '\n': "'\\n'",
  '\r': "'\\r'",
  '\t': "'\\t'",
  '\b': "'\\b'",
  '\f': "'\\f'",
  '\v': "'\\v'",
  '\x07': "'\\a'",
};

function quotedCharacter(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  return character === '\\' ? "'\\\\'" : `'${character}'`;
}

function ended(): JsonFault {
  return new JsonFault('unexpected EOF', -1);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
