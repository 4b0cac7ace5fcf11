/** Single values of DER: identifiers, numbers, texts, times. */
import { Buffer, isUtf8 } from 'node:buffer';
import { type DerElement, DerError, Tag } from './der.ts';

const ARC_MAX = Number.MAX_SAFE_INTEGER / 128;

/** `2.5.4.3` and the like. */
export function objectIdentifier(content: Uint8Array): string {
  if (content.length === 0 || content.at(-1)! >= 0x80) throw new DerError('an object identifier without an end');
  const arcs: number[] = [];
  let arc = 0;
  let isBegun = false;
  for (const byte of content) {
    if (!isBegun && byte === 0x80) throw new DerError('an object identifier with a padded number');
    if (arc > ARC_MAX) throw new DerError('an object identifier with too large a number');
    arc = arc * 128 + (byte & 0x7f);
    isBegun = byte >= 0x80;
    if (isBegun) continue;
    arcs.push(arc);
    arc = 0;
  }
  const first = arcs[0]!;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...arcs.slice(1)].join('.');
}

export function boolean(content: Uint8Array): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new DerError('a boolean that is neither');
  return content[0] === 0xff;
}

/** The bytes of a whole number, most significant first, in the one shortest form. */
export function integer(content: Uint8Array): Uint8Array {
  if (content.length === 0) throw new DerError('a number without digits');
  const isPadded =
    content.length > 1 && (content[0] === 0 ? content[1]! < 0x80 : content[0] === 0xff && content[1]! >= 0x80);
  if (isPadded) throw new DerError('a number with more digits than it needs');
  return content;
}

/** What a string of bits holds when it is made of whole bytes, as keys and signatures are. */
export function wholeBytes(content: Uint8Array): Uint8Array {
  if (content.length === 0 || content[0] !== 0) throw new DerError('bits that are no whole bytes');
  return content.subarray(1);
}

/** Undefined for what is no text. */
export function text({ tag, content }: DerElement): string | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (tag === Tag.utf8String) {
    if (!isUtf8(bytes)) throw new DerError('a text that is not UTF-8');
    return bytes.toString('utf8');
  }
  if (tag === Tag.printableString || tag === Tag.ia5String) return ascii(bytes);
  if (tag === Tag.teletexString) return bytes.toString('latin1');
  return tag === Tag.bmpString ? bmpText(bytes) : undefined;
}

export function ascii(content: Uint8Array): string {
  if (content.some((byte) => byte >= 0x80)) throw new DerError('a text that is not ASCII');
  return Buffer.from(content).toString('latin1');
}

function bmpText(bytes: Buffer): string {
  if (bytes.length % 2 !== 0) throw new DerError('a text of two-byte characters that is cut off');
  return Buffer.from(bytes).swap16().toString('utf16le');
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** Milliseconds since the Unix epoch. */
export function time({ tag, content }: DerElement): number {
  const isShort = tag === Tag.utcTime;
  if (!isShort && tag !== Tag.generalizedTime) throw new DerError('no time where one belongs');
  const match = (isShort ? UTC_TIME : GENERALIZED_TIME).exec(ascii(content));
  if (match === null) throw new DerError('a time in another form than YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  // Two digits stand for 1950 to 2049.
  const fullYear = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw new DerError('a time that never is');
  }
  return date.getTime();
}
