/** Asking whether a certificate was revoked (RFC 6960). Digests are for the caller to compute. */
import type { Buffer } from 'node:buffer';
import { type DerReader, onlyElement, Tag } from './der.ts';
import { integer, objectIdentifier } from './der-values.ts';
import { der, objectId, octetString, sequence } from './der-writer.ts';

/** Which certificate is meant: by who issued it, and its number. */
export interface CertificateId {
  /** The identifier of the digest. */
  readonly algorithm: string;
  readonly issuerNameDigest: Uint8Array;
  readonly issuerKeyDigest: Uint8Array;
  readonly serialNumber: Uint8Array;
}

export function encodeOcspRequest(id: CertificateId): Buffer {
  return sequence(sequence(sequence(sequence(encodeCertificateId(id)))));
}

export function encodeCertificateId({
  algorithm,
  issuerNameDigest,
  issuerKeyDigest,
  serialNumber,
}: CertificateId): Buffer {
  return sequence(
    sequence(objectId(algorithm), der(Tag.null)),
    octetString(issuerNameDigest),
    octetString(issuerKeyDigest),
    der(Tag.integer, serialNumber),
  );
}

/** The first certificate a request asks for: for those who answer. Throws a DerError for what is no request. */
export function readOcspRequest(encoded: Uint8Array): CertificateId {
  const request = onlyElement(encoded, Tag.sequence).enter(Tag.sequence);
  request.optional(0xa0);
  request.optional(0xa1);
  return readCertificateId(request.enter(Tag.sequence).enter(Tag.sequence));
}

export function readCertificateId(holder: DerReader): CertificateId {
  const reader = holder.enter(Tag.sequence);
  const algorithm = objectIdentifier(reader.enter(Tag.sequence).expect(Tag.objectIdentifier).content);
  const id = {
    algorithm,
    issuerNameDigest: reader.expect(Tag.octetString).content,
    issuerKeyDigest: reader.expect(Tag.octetString).content,
    serialNumber: integer(reader.expect(Tag.integer).content),
  };
  reader.finish();
  return id;
}
