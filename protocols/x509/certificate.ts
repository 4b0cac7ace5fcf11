/** What a broker wants to know of a certificate (RFC 5280). Checking signatures and dates is for others. */
import { contextTag, DerError, DerReader, onlyElement, Tag } from './der.ts';
import { boolean, integer, objectIdentifier, time, wholeBytes } from './der-values.ts';
import { type Extension, ExtensionId, readAlternativeNames, readOcspUrls, readsStatusRequest } from './extensions.ts';
import { type Name, readName } from './name.ts';

export interface Certificate {
  readonly encoded: Uint8Array;
  readonly serialNumber: Uint8Array;
  /** With tag and length, for comparisons and digests. */
  readonly encodedIssuer: Uint8Array;
  readonly encodedSubject: Uint8Array;
  readonly subject: Name;
  readonly validFrom: number;
  readonly validTo: number;
  /** SubjectPublicKeyInfo, with tag and length. */
  readonly publicKeyInfo: Uint8Array;
  /** The bits of the key alone. */
  readonly publicKey: Uint8Array;
  readonly emailAddresses: readonly string[];
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Where to ask whether it was revoked. */
  readonly ocspUrls: readonly string[];
  /** It promises that whoever shows it shows its status, too ("must staple"). */
  readonly mustStaple: boolean;
  /** What the key may be used for; empty when that is not said. */
  readonly extendedKeyUsages: readonly string[];
  /** Which extensions it has. */
  readonly extensionIds: ReadonlySet<string>;
}

const VERSION = contextTag(0);
const EXTENSIONS = contextTag(3);

/** Throws a DerError when it is none. */
export function readCertificate(encoded: Uint8Array): Certificate {
  const outer = onlyElement(encoded, Tag.sequence);
  const body = outer.enter(Tag.sequence);
  outer.expect(Tag.sequence);
  wholeBytes(outer.expect(Tag.bitString).content);
  outer.finish();
  body.optional(VERSION);
  const serialNumber = integer(body.expect(Tag.integer).content);
  body.expect(Tag.sequence);
  const issuer = body.expect(Tag.sequence);
  const validity = body.enter(Tag.sequence);
  const subject = body.expect(Tag.sequence);
  const publicKeyInfo = body.expect(Tag.sequence);
  return {
    encoded,
    serialNumber,
    encodedIssuer: issuer.encoded,
    encodedSubject: subject.encoded,
    subject: readName(subject.content),
    validFrom: time(validity.next()),
    validTo: time(validity.next()),
    publicKeyInfo: publicKeyInfo.encoded,
    publicKey: keyBits(publicKeyInfo.content),
    ...fromExtensions(readExtensions(body)),
  };
}

function keyBits(content: Uint8Array): Uint8Array {
  const reader = new DerReader(content);
  reader.expect(Tag.sequence);
  return wholeBytes(reader.expect(Tag.bitString).content);
}

function readExtensions(body: DerReader): ReadonlyMap<string, Extension> {
  body.optional(contextTag(1, false));
  body.optional(contextTag(2, false));
  const wrapper = body.optional(EXTENSIONS);
  body.finish();
  return wrapper === undefined ? new Map() : extensionsIn(wrapper.content);
}

/** By identifier. */
export function extensionsIn(content: Uint8Array): ReadonlyMap<string, Extension> {
  const list = onlyElement(content, Tag.sequence);
  const found = new Map<string, Extension>();
  while (!list.isAtEnd) {
    const reader = list.enter(Tag.sequence);
    const id = objectIdentifier(reader.expect(Tag.objectIdentifier).content);
    const critical = reader.optional(Tag.boolean);
    const isCritical = critical === undefined ? false : boolean(critical.content);
    const value = reader.expect(Tag.octetString).content;
    // The two could say different things to different readers.
    if (found.has(id)) throw new DerError('the same extension twice');
    found.set(id, { isCritical, value });
  }
  return found;
}

type Extended = Pick<
  Certificate,
  'emailAddresses' | 'dnsNames' | 'uris' | 'ocspUrls' | 'mustStaple' | 'extendedKeyUsages' | 'extensionIds'
>;

function fromExtensions(extensions: ReadonlyMap<string, Extension>): Extended {
  const found = (id: string): Uint8Array | undefined => extensions.get(id)?.value;
  return {
    ...readAlternativeNames(found(ExtensionId.alternativeNames)),
    ocspUrls: readOcspUrls(found(ExtensionId.authorityAccess)),
    mustStaple: readsStatusRequest(found(ExtensionId.tlsFeatures)),
    extendedKeyUsages: usagesIn(found(ExtensionId.extendedKeyUsage)),
    extensionIds: new Set(extensions.keys()),
  };
}

function usagesIn(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  const list = onlyElement(value, Tag.sequence);
  const usages: string[] = [];
  while (!list.isAtEnd) usages.push(objectIdentifier(list.expect(Tag.objectIdentifier).content));
  return usages;
}
