/** Distinguished names: as certificates hold them, as people write them (RFC 4514), and whether the two mean the same. */
import { Buffer } from 'node:buffer';
import { DerReader, identifierText, Tag } from './der.ts';

export interface NamePart {
  /** An identifier, `2.5.4.3`. */
  readonly type: string;
  readonly value: string;
}

type Name = readonly (readonly NamePart[])[];

const TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.17', 'POSTALCODE'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

/** The order in which a server writes the subject of a certificate; all of a kind stand together, with a plus. */
const SUBJECT_ORDER = ['SERIALNUMBER', 'CN', 'OU', 'O', 'POSTALCODE', 'STREET', 'L', 'ST', 'C'];

/** Throws BadDer. */
export function readName(bytes: Uint8Array): Name {
  return [...new DerReader(bytes).enter().rest()].map(({ content }) => {
    const parts = [...new DerReader(content).rest()];
    return parts.map((part) => {
      const reader = new DerReader(part.content);
      const type = identifierText(reader.expect(Tag.identifier).content);
      const { tag, content: value } = reader.next();
      return { type, value: textOf(tag, value) };
    });
  });
}

function textOf(tag: number, content: Buffer): string {
  if (tag === Tag.utf8) return content.toString('utf8');
  if (tag === Tag.bmp && content.length % 2 === 0) return Buffer.from(content).swap16().toString('utf16le');
  return content.toString('latin1');
}

/** `SERIALNUMBER=1,CN=bob,OU=a+OU=b,O=Acme`: the usual parts in one order; others are left out. */
export function subjectText(name: Name): string {
  const parts = name.flat();
  const groups = SUBJECT_ORDER.map((wanted) => parts.filter(({ type }) => TYPES.get(type) === wanted));
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.map(written).join('+'))
    .join(',');
}

/** `DC=com,DC=example`, in the order of the certificate; empty without any. */
export function domainText(name: Name): string {
  return name
    .flat()
    .filter(({ type }) => TYPES.get(type) === 'DC')
    .map(written)
    .join(',');
}

function written({ type, value }: NamePart): string {
  const escaped = value
    .replace(/[",+;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ');
  return `${TYPES.get(type)}=${escaped}`;
}

/** A name in a form that can be compared: one text for the order it is in, one for any order. */
export interface ComparableName {
  readonly ordered: string;
  readonly unordered: string;
}

/** Null when the certificate's name has parts of another kind: then it cannot be compared. The last part comes first. */
export function comparableSubject(name: Name): ComparableName | null {
  if (name.length === 0 || name.flat().some(({ type }) => !TYPES.has(type))) return null;
  return comparable(name.map((parts) => parts.map(({ type, value }) => [TYPES.get(type)!, value] as const)).reverse());
}

/** `CN=bob, OU=Eng+OU=Core, O=Acme\, Inc.`; null when the text is no such name. */
export function parseName(text: string): ComparableName | null {
  // One character for each byte, since an escape stands for a byte.
  const bytes = Buffer.from(text).toString('latin1');
  const sets: [type: string, value: string][][] = [[]];
  for (let at = 0; at < bytes.length; ) {
    const equals = bytes.indexOf('=', at);
    const type = bytes.slice(at, Math.max(equals, at)).trim().toUpperCase();
    const value = /^[A-Z]+$/.test(type) ? readValue(bytes, equals + 1) : null;
    if (value === null) return null;
    sets.at(-1)!.push([type, value.text]);
    at = value.end + 1;
    if (bytes[value.end] === ',' && at < bytes.length) sets.push([]);
  }
  return sets[0]!.length === 0 ? null : comparable(sets);
}

/** Up to the next comma or plus that is not escaped; spaces around it are not part of it. */
function readValue(bytes: string, start: number): { text: string; end: number } | null {
  let value = '';
  /** Spaces behind this are not part of the value. */
  let kept = 0;
  let at = start;
  while (bytes[at] === ' ') at++;
  if (bytes[at] === '#') return null;
  for (; at < bytes.length && bytes[at] !== ',' && bytes[at] !== '+'; at++) {
    const character = bytes[at]!;
    const meant = character === '\\' ? readEscape(bytes, at + 1) : { character, length: 0 };
    if (meant === null) return null;
    value += meant.character;
    if (character !== ' ') kept = value.length;
    at += meant.length;
  }
  return { text: Buffer.from(value.slice(0, kept), 'latin1').toString(), end: at };
}

/** A special character, or the two hexadecimal digits of any. */
function readEscape(bytes: string, at: number): { character: string; length: number } | null {
  const hex = /^[0-9A-Fa-f]{2}/.exec(bytes.slice(at, at + 2))?.[0];
  if (hex !== undefined) return { character: String.fromCharCode(Number.parseInt(hex, 16)), length: 2 };
  const character = bytes[at] ?? '';
  return character !== '' && ' "#+,;<=>\\'.includes(character) ? { character, length: 1 } : null;
}

function comparable(sets: readonly (readonly (readonly [type: string, value: string])[])[]): ComparableName {
  const texts = sets.map((parts) => JSON.stringify(parts.map((part) => JSON.stringify(part)).sort()));
  return { ordered: texts.join(), unordered: [...texts].sort().join() };
}
