/** The answer to whether a certificate was revoked (RFC 6960). Whom to believe is for the caller to find out. */
import { contextTag, DerError, DerReader, elementsIn, onlyElement, Tag } from './der.ts';
import { objectIdentifier, time, wholeBytes } from './der-values.ts';
import { type CertificateId, readCertificateId } from './ocsp-request.ts';

/** What a responder says that gives no answer. */
export type ResponderFailure =
  | 'malformed request'
  | 'internal error'
  | 'try later'
  | 'signature required'
  | 'unauthorized';

export type CertificateStatus = 'good' | 'revoked' | 'unknown';

export interface SingleStatus {
  readonly id: CertificateId;
  readonly status: CertificateStatus;
  /** Milliseconds since the Unix epoch, as all times here; null unless revoked. */
  readonly revokedAt: number | null;
  readonly thisUpdate: number;
  /** Null: there is news at any time. */
  readonly nextUpdate: number | null;
}

export interface SignedStatuses {
  /** What was signed. */
  readonly signed: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** Certificates of the responder, where it sent any. */
  readonly certificates: readonly Uint8Array[];
  readonly producedAt: number;
  readonly statuses: readonly SingleStatus[];
}

const FAILURES: Readonly<Record<number, ResponderFailure>> = {
  1: 'malformed request',
  2: 'internal error',
  3: 'try later',
  5: 'signature required',
  6: 'unauthorized',
};
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const STATUSES: Readonly<Record<number, CertificateStatus>> = {
  [contextTag(0, false)]: 'good',
  [contextTag(1)]: 'revoked',
  [contextTag(2, false)]: 'unknown',
};

/** The statuses, or why there are none. Throws a DerError for what is no response. */
export function readOcspResponse(encoded: Uint8Array): SignedStatuses | ResponderFailure {
  const outer = onlyElement(encoded, Tag.sequence);
  const [code, ...more] = outer.expect(Tag.enumerated).content;
  if (code === undefined || more.length > 0) throw new DerError('the outcome of a response is no single byte');
  if (code !== 0) {
    const failure = FAILURES[code];
    if (failure === undefined) throw new DerError(`a response with the outcome ${code}`);
    return failure;
  }
  const holder = outer.enter(contextTag(0));
  outer.finish();
  const typed = holder.enter(Tag.sequence);
  const type = objectIdentifier(typed.expect(Tag.objectIdentifier).content);
  if (type !== BASIC_RESPONSE) throw new DerError(`a response of the kind ${type}`);
  return readBasic(typed.expect(Tag.octetString).content);
}

function readBasic(encoded: Uint8Array): SignedStatuses {
  const basic = onlyElement(encoded, Tag.sequence);
  const signed = basic.expect(Tag.sequence);
  const signatureAlgorithm = objectIdentifier(basic.enter(Tag.sequence).expect(Tag.objectIdentifier).content);
  const signature = wholeBytes(basic.expect(Tag.bitString).content);
  const certificates = basic.optional(contextTag(0));
  basic.finish();
  return {
    signed: signed.encoded,
    signatureAlgorithm,
    signature,
    certificates: certificates === undefined ? [] : readList(certificates.content),
    ...readData(signed.content),
  };
}

function readList(content: Uint8Array): Uint8Array[] {
  return [...elementsIn(new DerReader(content).expect(Tag.sequence).content)].map(({ encoded }) => encoded);
}

function readData(content: Uint8Array): Pick<SignedStatuses, 'producedAt' | 'statuses'> {
  const data = new DerReader(content);
  data.optional(contextTag(0));
  const { tag } = data.next();
  if (tag !== contextTag(1) && tag !== contextTag(2)) throw new DerError('a responder without name and key');
  const producedAt = time(data.expect(Tag.generalizedTime));
  const list = data.enter(Tag.sequence);
  const statuses: SingleStatus[] = [];
  while (!list.isAtEnd) statuses.push(readSingle(list));
  return { producedAt, statuses };
}

function readSingle(list: DerReader): SingleStatus {
  const reader = list.enter(Tag.sequence);
  const id = readCertificateId(reader);
  const { tag, content } = reader.next();
  const status = STATUSES[tag];
  if (status === undefined) throw new DerError('a status that is none');
  const revokedAt = status === 'revoked' ? time(new DerReader(content).expect(Tag.generalizedTime)) : null;
  const thisUpdate = time(reader.expect(Tag.generalizedTime));
  const next = reader.optional(contextTag(0));
  const nextUpdate = next === undefined ? null : time(new DerReader(next.content).expect(Tag.generalizedTime));
  return { id, status, revokedAt, thisUpdate, nextUpdate };
}
