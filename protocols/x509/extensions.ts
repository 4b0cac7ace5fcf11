/** The extensions of a certificate that matter here. */
import { contextTag, DerError, onlyElement, Tag } from './der.ts';
import { ascii, integer, objectIdentifier } from './der-values.ts';

export interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

export const ExtensionId = {
  alternativeNames: '2.5.29.17',
  extendedKeyUsage: '2.5.29.37',
  authorityAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeatures: '1.3.6.1.5.5.7.1.24',
} as const;

const EMAIL = contextTag(1, false);
const DNS = contextTag(2, false);
const URI = contextTag(6, false);
const OCSP_ACCESS = '1.3.6.1.5.5.7.48.1';
/** The TLS extension `status_request`. */
const STATUS_REQUEST = 5;

export interface AlternativeNames {
  readonly emailAddresses: readonly string[];
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

export function readAlternativeNames(value: Uint8Array | undefined): AlternativeNames {
  const names = { emailAddresses: [] as string[], dnsNames: [] as string[], uris: [] as string[] };
  if (value === undefined) return names;
  const list = onlyElement(value, Tag.sequence);
  while (!list.isAtEnd) {
    const { tag, content } = list.next();
    if (tag === EMAIL) names.emailAddresses.push(ascii(content));
    else if (tag === DNS) names.dnsNames.push(ascii(content));
    else if (tag === URI) names.uris.push(ascii(content));
  }
  return names;
}

export function readOcspUrls(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  const list = onlyElement(value, Tag.sequence);
  const urls: string[] = [];
  while (!list.isAtEnd) {
    const access = list.enter(Tag.sequence);
    const method = objectIdentifier(access.expect(Tag.objectIdentifier).content);
    const { tag, content } = access.next();
    if (method === OCSP_ACCESS && tag === URI) urls.push(ascii(content));
  }
  return urls;
}

export function readsStatusRequest(value: Uint8Array | undefined): boolean {
  if (value === undefined) return false;
  const list = onlyElement(value, Tag.sequence);
  let isThere = false;
  while (!list.isAtEnd) {
    const number = integer(list.expect(Tag.integer).content);
    if (number.length > 2) throw new DerError('a TLS feature that cannot be');
    if (number.length === 1 && number[0] === STATUS_REQUEST) isThere = true;
  }
  return isThere;
}
