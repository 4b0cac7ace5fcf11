/** Who a certificate is about, or from: a sequence of sets of attributes. */
import { type DerElement, DerError, DerReader, elementsIn, Tag } from './der.ts';
import { objectIdentifier, text } from './der-values.ts';

export interface Attribute {
  /** An object identifier. */
  readonly type: string;
  /** Null when it is no text. */
  readonly value: string | null;
  /** The value with its tag. */
  readonly encodedValue: Uint8Array;
}

/** In the order of the certificate: the country first, the common name last, as a rule. */
export type Name = readonly (readonly Attribute[])[];

/** Of the content of a name. */
export function readName(content: Uint8Array): Name {
  return [...elementsIn(content)].map(readSet);
}

function readSet({ tag, content }: DerElement): Attribute[] {
  if (tag !== Tag.set) throw new DerError('a name that is not made of sets');
  return [...elementsIn(content)].map(readAttribute);
}

function readAttribute({ tag, content }: DerElement): Attribute {
  if (tag !== Tag.sequence) throw new DerError('an attribute that is no pair');
  const reader = new DerReader(content);
  const type = objectIdentifier(reader.expect(Tag.objectIdentifier).content);
  const value = reader.next();
  reader.finish();
  return { type, value: text(value) ?? null, encodedValue: value.encoded };
}
