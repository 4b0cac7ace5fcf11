/** Names like `CN=alice,O=acme` (RFC 4514), as users are called and as certificates say them. */
import type { Attribute, Name } from '../../../protocols/x509/name.ts';

export interface NamePart {
  /** In capitals. */
  readonly type: string;
  readonly value: string;
}

/** The most specific first: the other way round than in a certificate. */
export type DistinguishedName = readonly (readonly NamePart[])[];

const DOMAIN_COMPONENT = '0.9.2342.19200300.100.1.25';
const KEYWORDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.17': 'POSTALCODE',
  [DOMAIN_COMPONENT]: 'DC',
};
const ESCAPABLE = ' "#+,;<=>\\';
const SPACE = 0x20;
const HEX = /^[0-9a-f]{2}$/i;

/** Undefined when it holds an attribute that is no text, or of a type without a keyword here: no user has that name. */
export function nameOfSubject(subject: Name): DistinguishedName | undefined {
  const sets = [...subject].reverse().filter((set) => set.length > 0);
  if (sets.flat().some(({ type, value }) => KEYWORDS[type] === undefined || value === null)) return undefined;
  return sets.map((set) => set.map(({ type, value }) => ({ type: KEYWORDS[type]!, value: value! })));
}

/** Undefined when the text is no such name. */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  return new NameParser(text).parse();
}

class NameParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  parse(): DistinguishedName | undefined {
    const sets: NamePart[][] = [];
    let set: NamePart[] = [];
    while (this.at < this.text.length) {
      const part = this.part();
      if (part === undefined) return undefined;
      set.push(part);
      if (this.text[this.at++] === '+') continue;
      sets.push(set);
      set = [];
    }
    return set.length > 0 || sets.length === 0 ? undefined : sets;
  }

  private part(): NamePart | undefined {
    const type = this.until('=,+');
    if (type === undefined || type === '' || this.text[this.at] !== '=') return undefined;
    this.at++;
    // A value after this sign is one in hexadecimal BER, which stands for no text.
    const value = this.text[this.at] === '#' ? undefined : this.until(',+');
    return value === undefined || value === '' ? undefined : { type: type.toUpperCase(), value };
  }

  /** What stands before one of the separators, without the spaces around it. Undefined when an escape is wrong. */
  private until(separators: string): string | undefined {
    const pieces: Uint8Array[] = [];
    let kept = 0;
    while (this.at < this.text.length && !separators.includes(this.text[this.at]!)) {
      const isEscaped = this.text[this.at] === '\\';
      const piece = isEscaped ? this.escaped() : Buffer.from(this.character());
      if (piece === undefined) return undefined;
      const isSpace = !isEscaped && piece[0] === SPACE;
      if (isSpace && pieces.length === 0) continue;
      pieces.push(piece);
      if (!isSpace) kept = pieces.length;
    }
    return Buffer.concat(pieces.slice(0, kept)).toString('utf8');
  }

  private character(): string {
    const character = String.fromCodePoint(this.text.codePointAt(this.at)!);
    this.at += character.length;
    return character;
  }

  /** A special character, or a byte of a character in two hexadecimal digits. */
  private escaped(): Uint8Array | undefined {
    const next = this.text[this.at + 1];
    const isSpecial = next !== undefined && ESCAPABLE.includes(next);
    const digits = this.text.slice(this.at + 1, this.at + 3);
    if (!isSpecial && !HEX.test(digits)) return undefined;
    this.at += isSpecial ? 2 : 3;
    return isSpecial ? Buffer.from(next) : Buffer.from(digits, 'hex');
  }
}

export function areEqual(a: DistinguishedName, b: DistinguishedName): boolean {
  return a.length === b.length && a.every((set, index) => areEqualSets(set, b[index]!));
}

/** The same sets, in whatever order. */
export function haveSameSets(a: DistinguishedName, b: DistinguishedName): boolean {
  return areSame(a, b, areEqualSets);
}

function areEqualSets(a: readonly NamePart[], b: readonly NamePart[]): boolean {
  return areSame(a, b, (one, other) => one.type === other.type && one.value === other.value);
}

function areSame<Item>(a: readonly Item[], b: readonly Item[], isSame: (one: Item, other: Item) => boolean): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((one) => {
    const index = left.findIndex((other) => isSame(one, other));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

/** The subject as Go prints it: attributes that it knows, each kind once, the common name and the serial number by their last. */
export function subjectText(subject: Name): string {
  const attributes = subject.flat();
  const texts = PRINTED.map(({ type, isSingle }) => {
    const all = attributes.filter((attribute) => attribute.type === type && attribute.value !== null);
    return (isSingle ? all.slice(-1).filter(({ value }) => value !== '') : all).map(printed).join('+');
  });
  return texts.filter((text) => text !== '').join(',');
}

const PRINTED: readonly { readonly type: string; readonly isSingle: boolean }[] = [
  { type: '2.5.4.5', isSingle: true },
  { type: '2.5.4.3', isSingle: true },
  { type: '2.5.4.11', isSingle: false },
  { type: '2.5.4.10', isSingle: false },
  { type: '2.5.4.17', isSingle: false },
  { type: '2.5.4.9', isSingle: false },
  { type: '2.5.4.7', isSingle: false },
  { type: '2.5.4.8', isSingle: false },
  { type: '2.5.4.6', isSingle: false },
];

function printed({ type, value }: Attribute): string {
  return `${KEYWORDS[type]}=${escaped(value!)}`;
}

function escaped(value: string): string {
  const last = value.length - 1;
  return [...value]
    .map((character, index) => {
      const isEdge = character === ' ' && (index === 0 || index === last);
      const isEscaped = isEdge || ',+"\\<>;'.includes(character) || (character === '#' && index === 0);
      return isEscaped ? `\\${character}` : character;
    })
    .join('');
}

/** `DC=example,DC=com`, in the order of the certificate; empty without any. */
export function domainComponents(subject: Name): string {
  return subject
    .flat()
    .filter(({ type, value }) => type === DOMAIN_COMPONENT && value !== null)
    .map(({ value }) => `DC=${value}`)
    .join(',');
}
