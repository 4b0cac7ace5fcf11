/**
 * The distinguished encoding of ASN.1 (X.690), read without trust: every length is checked against what holds it, and what is not in
 * the one permitted form is refused. Nothing recurses, so depth costs nothing.
 */

export class DerError extends Error {
  constructor(what: string) {
    super(`malformed DER: ${what}`);
    this.name = 'DerError';
  }
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of a context: `[number]`, explicit or of something constructed unless told otherwise. */
export function contextTag(number: number, isConstructed = true): number {
  return (isConstructed ? 0xa0 : 0x80) | number;
}

export interface DerElement {
  readonly tag: number;
  /** What is inside. */
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly encoded: Uint8Array;
}

const LONG_TAG = 0x1f;
const LONG_LENGTH = 0x80;
const LENGTH_BYTES_MAX = 4;

/** Reads elements one after the other. */
export class DerReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  next(): DerElement {
    const { bytes, at: start } = this;
    if (start + 2 > bytes.length) throw new DerError('it ends too early');
    const tag = bytes[start]!;
    if ((tag & LONG_TAG) === LONG_TAG) throw new DerError('a tag of several bytes');
    const { length, from } = this.readLength(start + 1);
    const end = from + length;
    if (end > bytes.length) throw new DerError('an element is longer than what holds it');
    this.at = end;
    return { tag, content: bytes.subarray(from, end), encoded: bytes.subarray(start, end) };
  }

  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) throw new DerError(`tag ${element.tag} where ${tag} belongs`);
    return element;
  }

  /** Undefined when something else, or nothing, comes next. */
  optional(tag: number): DerElement | undefined {
    return this.bytes[this.at] === tag ? this.next() : undefined;
  }

  /** Into the next element. */
  enter(tag: number): DerReader {
    return new DerReader(this.expect(tag).content);
  }

  finish(): void {
    if (!this.isAtEnd) throw new DerError('something follows the end');
  }

  private readLength(at: number): { length: number; from: number } {
    const first = this.bytes[at]!;
    if (first < LONG_LENGTH) return { length: first, from: at + 1 };
    const count = first & 0x7f;
    if (count === 0 || count > LENGTH_BYTES_MAX) throw new DerError('a length of no or too many bytes');
    if (at + count >= this.bytes.length) throw new DerError('it ends within a length');
    let length = 0;
    for (let i = 1; i <= count; i++) length = length * 256 + this.bytes[at + i]!;
    if (length < LONG_LENGTH || length < 256 ** (count - 1)) throw new DerError('a length longer than it has to be');
    return { length, from: at + 1 + count };
  }
}

/** All elements inside one. */
export function* elementsIn(bytes: Uint8Array): Generator<DerElement> {
  const reader = new DerReader(bytes);
  while (!reader.isAtEnd) yield reader.next();
}

/** The one element that `bytes` are, and nothing behind it. */
export function onlyElement(bytes: Uint8Array, tag: number): DerReader {
  const reader = new DerReader(bytes);
  const inside = reader.enter(tag);
  reader.finish();
  return inside;
}
