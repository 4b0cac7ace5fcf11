/** Reads and writes DER, the encoding of certificates: a tag, a length, a content, in one way only. */
import { Buffer } from 'node:buffer';

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  identifier: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const LENGTH_BYTES_MAX = 4;
const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

/** What was read is not DER, or not what was expected in this place. */
export class BadDer extends Error {}

/** The tag of a choice or an optional part, by its number. */
export function context(number: number, isConstructed = true): number {
  return CONTEXT | (isConstructed ? CONSTRUCTED : 0) | number;
}

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

export class DerReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  next(): Element {
    const start = this.at;
    const tag = this.byte();
    if ((tag & 0x1f) === 0x1f) throw new BadDer('a tag of several bytes');
    const length = this.length();
    const end = this.at + length;
    if (end > this.bytes.length) throw new BadDer('an element goes on past its end');
    const content = this.bytes.subarray(this.at, end);
    this.at = end;
    return { tag, content, whole: this.bytes.subarray(start, end) };
  }

  expect(tag: number): Element {
    const element = this.next();
    if (element.tag !== tag) throw new BadDer(`tag ${element.tag} where ${tag} is expected`);
    return element;
  }

  /** Goes in. */
  enter(tag: number = Tag.sequence): DerReader {
    return new DerReader(this.expect(tag).content);
  }

  /** Undefined, and nothing is consumed, when another tag comes or nothing. */
  optional(tag: number): Element | undefined {
    return this.bytes[this.at] === tag ? this.next() : undefined;
  }

  *rest(): IterableIterator<Element> {
    while (!this.isAtEnd) yield this.next();
  }

  private byte(): number {
    if (this.isAtEnd) throw new BadDer('the end comes too early');
    return this.bytes[this.at++]!;
  }

  private length(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > LENGTH_BYTES_MAX) throw new BadDer(`a length of ${count} bytes`);
    let length = 0;
    for (let at = 0; at < count; at++) length = length * 256 + this.byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw new BadDer('a length that could be shorter');
    return length;
  }
}

/** `1.2.840.113549`. */
export function identifierText(content: Uint8Array): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 0x7f);
    if (part > Number.MAX_SAFE_INTEGER) throw new BadDer('an identifier with a part that is too large');
    if ((byte & 0x80) !== 0) continue;
    parts.push(part);
    part = 0;
  }
  const last = content[content.length - 1];
  if (last === undefined || (last & 0x80) !== 0) throw new BadDer('an identifier without an end');
  const root = Math.min(Math.floor(parts[0]! / 40), 2);
  return [root, parts[0]! - root * 40, ...parts.slice(1)].join('.');
}

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export function derIdentifier(text: string): Buffer {
  const [root = 0, second = 0, ...more] = text.split('.').map(Number);
  const bytes = [root * 40 + second, ...more].flatMap((part) => {
    const groups = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(Tag.identifier, Buffer.from(bytes));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
