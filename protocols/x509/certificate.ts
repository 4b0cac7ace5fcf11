/** What a certificate says of its owner, and of where to ask about it. Its signature is somebody else's business. */
import type { Buffer } from 'node:buffer';
import { BadDer, context, DerReader, type Element, identifierText, Tag } from './der.ts';
import { type NamePart, readName } from './distinguished-name.ts';

export interface Certificate {
  /** Content of the integer. */
  readonly serial: Buffer;
  /** As they stand, tag and length included. */
  readonly issuerBytes: Buffer;
  readonly subjectBytes: Buffer;
  readonly publicKeyBytes: Buffer;
  /** The key alone, without what kind it is. */
  readonly keyBits: Buffer;
  /** The sets of parts of the subject, in the order they stand in. */
  readonly subject: readonly (readonly NamePart[])[];
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Where to ask whether it was revoked. */
  readonly ocspUrls: readonly string[];
  /** The server must show a fresh answer to that in the handshake. */
  readonly mustStaple: boolean;
  /** Identifiers; empty when the certificate is not limited to uses. */
  readonly extendedKeyUsages: readonly string[];
}

const ALTERNATIVE_NAMES = '2.5.29.17';
const AUTHORITY_ACCESS = '1.3.6.1.5.5.7.1.1';
const TLS_FEATURES = '1.3.6.1.5.5.7.1.24';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const OCSP = '1.3.6.1.5.5.7.48.1';
const STATUS_REQUEST = 5;

const EMAIL = context(1, false);
const DNS_NAME = context(2, false);
const URI = context(6, false);

/** Throws BadDer. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const body = new DerReader(bytes).enter().enter();
  body.optional(context(0));
  const serial = body.expect(Tag.integer).content;
  body.expect(Tag.sequence);
  const issuerBytes = body.expect(Tag.sequence).whole;
  body.expect(Tag.sequence);
  const subjectBytes = body.expect(Tag.sequence).whole;
  const publicKey = body.expect(Tag.sequence);
  body.optional(context(1, false));
  body.optional(context(2, false));
  const extensions = body.optional(context(3));
  return {
    serial,
    issuerBytes,
    subjectBytes,
    publicKeyBytes: publicKey.whole,
    keyBits: keyBitsOf(publicKey),
    subject: readName(subjectBytes),
    ...factsIn(extensions),
  };
}

function keyBitsOf(publicKey: Element): Buffer {
  const reader = new DerReader(publicKey.content);
  reader.expect(Tag.sequence);
  return reader.expect(Tag.bitString).content.subarray(1);
}

type Facts = Pick<Certificate, 'emails' | 'dnsNames' | 'uris' | 'ocspUrls' | 'mustStaple' | 'extendedKeyUsages'>;

function factsIn(extensions: Element | undefined): Facts {
  const found = extensions === undefined ? new Map<string, Buffer>() : readExtensions(extensions);
  const names = [...partsOf(found.get(ALTERNATIVE_NAMES))];
  return {
    emails: textsOf(names, EMAIL),
    dnsNames: textsOf(names, DNS_NAME),
    uris: textsOf(names, URI),
    ocspUrls: ocspUrlsIn(found.get(AUTHORITY_ACCESS)),
    mustStaple: [...partsOf(found.get(TLS_FEATURES))].some(({ content }) => content.at(-1) === STATUS_REQUEST),
    extendedKeyUsages: [...partsOf(found.get(EXTENDED_KEY_USAGE))].map(({ content }) => identifierText(content)),
  };
}

function readExtensions(extensions: Element): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { tag, content } of new DerReader(extensions.content).enter().rest()) {
    if (tag !== Tag.sequence) throw new BadDer('an extension that is none');
    const reader = new DerReader(content);
    const identifier = identifierText(reader.expect(Tag.identifier).content);
    reader.optional(Tag.boolean);
    if (found.has(identifier)) throw new BadDer(`extension ${identifier} stands twice`);
    found.set(identifier, reader.expect(Tag.octetString).content);
  }
  return found;
}

function* partsOf(sequence: Buffer | undefined): Iterable<Element> {
  if (sequence !== undefined) yield* new DerReader(sequence).enter().rest();
}

/** A name with a zero byte is one for those who stop there: it counts for nothing. */
function textsOf(names: readonly Element[], wanted: number): readonly string[] {
  const texts = names.filter(({ tag }) => tag === wanted).map(({ content }) => content.toString('latin1'));
  return texts.filter((text) => !text.includes('\0'));
}

function ocspUrlsIn(access: Buffer | undefined): readonly string[] {
  return [...partsOf(access)].flatMap(({ content }) => {
    const reader = new DerReader(content);
    const method = identifierText(reader.expect(Tag.identifier).content);
    const place = reader.next();
    return method === OCSP && place.tag === URI ? [place.content.toString('latin1')] : [];
  });
}
