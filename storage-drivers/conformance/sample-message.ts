/** Messages whose bytes follow from a few numbers, so that whoever reads one knows what it must hold. */
import type { MessageBytes, StoredRecord } from '../contract.ts';

export interface Sample {
  readonly subject: string;
  readonly headerLength: number;
  readonly bodyLength: number;
  readonly salt: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
}

const DEFAULTS: Sample = {
  subject: 'orders.new',
  headerLength: 0,
  bodyLength: 5,
  salt: 1,
  seconds: 1_700_000_000,
  nanos: 0,
  flags: 0,
};

export function sample(parts: Partial<Sample> = {}): Sample {
  return { ...DEFAULTS, ...parts };
}

/** In a buffer with other bytes around it, as a message in a read buffer has; the subject lies elsewhere. */
export function bytesOf(given: Sample): MessageBytes {
  const subjectBytes = Buffer.from(`PUB ${given.subject} `, 'latin1');
  const bytes = new Uint8Array(given.headerLength + given.bodyLength + 6);
  for (let at = 0; at < bytes.length; at++) bytes[at] = byteAt(given.salt, at - 3);
  return {
    subjectBytes,
    subjectStart: 4,
    subjectEnd: subjectBytes.length - 1,
    bytes,
    headerStart: 3,
    bodyStart: 3 + given.headerLength,
    bodyEnd: 3 + given.headerLength + given.bodyLength,
  };
}

export function contentLength(given: Sample): number {
  return given.subject.length + given.headerLength + given.bodyLength;
}

/** What is different, or null. */
export function difference(record: StoredRecord, seq: number, expected: Sample): string | null {
  const subject = Buffer.from(record.subjectBytes).toString('latin1', record.subjectStart, record.subjectEnd);
  const pairs: [string, unknown, unknown][] = [
    ['seq', record.seq, seq],
    ['subject', subject, expected.subject],
    ['seconds', record.seconds, expected.seconds],
    ['nanos', record.nanos, expected.nanos],
    ['flags', record.flags, expected.flags],
    ['header length', record.bodyStart - record.headerStart, expected.headerLength],
    ['payload length', record.bodyEnd - record.bodyStart, expected.bodyLength],
  ];
  for (const [what, is, should] of pairs) {
    if (is !== should) return `${what} of the record ${seq} is ${String(is)} instead of ${String(should)}`;
  }
  for (let at = record.headerStart; at < record.bodyEnd; at++) {
    if (record.bytes[at] !== byteAt(expected.salt, at - record.headerStart)) {
      return `byte ${at - record.headerStart} of the record ${seq} is not what was appended`;
    }
  }
  return null;
}

function byteAt(salt: number, at: number): number {
  return (salt * 31 + at * 7) & 255;
}
