/** What a response says of one certificate, once it is known who says it. */
import { createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { type Certificate, readCertificate } from '../../protocols/x509/certificate.ts';
import type { CertificateId } from '../../protocols/x509/ocsp-request.ts';
import { readOcspResponse, type SignedStatuses, type SingleStatus } from '../../protocols/x509/ocsp-response.ts';

/** A certificate and the one that vouches for it. */
export interface Link {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

const SHA1 = '1.3.14.3.2.26';
const DIGESTS: Readonly<Record<string, string>> = { [SHA1]: 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' };
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
/** Identifiers of signatures, and the digest of each; null where the key says it. */
const SIGNATURES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
};

export function linkOf(certificate: Uint8Array, issuer: Uint8Array): Link {
  return { certificate: readCertificate(certificate), issuer: readCertificate(issuer) };
}

/** SHA-1 is what all responders know; here it only tells certificates apart. */
export function identify(link: Link, algorithm = SHA1): CertificateId {
  const digest = (bytes: Uint8Array): Uint8Array => createHash(DIGESTS[algorithm]!).update(bytes).digest();
  return {
    algorithm,
    issuerNameDigest: digest(link.issuer.encodedSubject),
    issuerKeyDigest: digest(link.issuer.publicKey),
    serialNumber: link.certificate.serialNumber,
  };
}

/** Throws with the reason when the response is none, is about something else, or comes from nobody who may say it. */
export function readStatus(encoded: Uint8Array, link: Link, nowMs: number): SingleStatus {
  const response = readOcspResponse(encoded);
  if (typeof response === 'string') throw new Error(`the responder gives no answer: ${response}`);
  checkSignature(response, link, nowMs);
  const status = response.statuses.find(({ id }) => isAbout(id, link));
  if (status === undefined) throw new Error('the response is about another certificate');
  return status;
}

function isAbout(id: CertificateId, link: Link): boolean {
  if (DIGESTS[id.algorithm] === undefined) return false;
  const wanted = identify(link, id.algorithm);
  return (
    areSame(id.serialNumber, wanted.serialNumber) &&
    areSame(id.issuerNameDigest, wanted.issuerNameDigest) &&
    areSame(id.issuerKeyDigest, wanted.issuerKeyDigest)
  );
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The issuer signs itself, or names somebody who may: by a certificate for nothing else, sent along. */
function checkSignature(response: SignedStatuses, { issuer }: Link, nowMs: number): void {
  const delegate = response.certificates.find((certificate) => !areSame(certificate, issuer.encoded));
  const signers = [keyOf(issuer), ...(delegate === undefined ? [] : [delegateKey(delegate, issuer, nowMs)])];
  if (!signers.some((key) => key !== null && isSignedBy(response, key))) {
    throw new Error('the response is signed by nobody who may');
  }
}

function keyOf({ publicKeyInfo }: Certificate): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' });
}

function delegateKey(encoded: Uint8Array, issuer: Certificate, nowMs: number): KeyObject | null {
  const { extendedKeyUsages, validFrom, validTo } = readCertificate(encoded);
  if (!extendedKeyUsages.includes(OCSP_SIGNING) || nowMs < validFrom || nowMs > validTo) return null;
  const [theirs, ours] = [new X509Certificate(encoded), new X509Certificate(issuer.encoded)];
  return theirs.checkIssued(ours) && theirs.verify(ours.publicKey) ? theirs.publicKey : null;
}

function isSignedBy({ signed, signature, signatureAlgorithm }: SignedStatuses, key: KeyObject): boolean {
  const digest = SIGNATURES[signatureAlgorithm];
  if (digest === undefined) throw new Error(`the response is signed with ${signatureAlgorithm}, which is not taken`);
  return verify(digest, signed, key, signature);
}

export interface Tolerance {
  readonly clockSkewMs: number;
  /** How long a status counts that does not say when there will be news. */
  readonly lifetimeMs: number;
}

/** Why it does not count now; null when it does. */
export function staleness(
  { thisUpdate, nextUpdate }: SingleStatus,
  nowMs: number,
  tolerance: Tolerance,
): string | null {
  const { clockSkewMs, lifetimeMs } = tolerance;
  if (thisUpdate > nowMs + clockSkewMs) return `invalid ocsp ThisUpdate, is future time: ${shown(thisUpdate)}`;
  const until = nextUpdate ?? thisUpdate + lifetimeMs;
  return until < nowMs - clockSkewMs ? `invalid ocsp NextUpdate, is past time: ${shown(until)}` : null;
}

export function shown(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
