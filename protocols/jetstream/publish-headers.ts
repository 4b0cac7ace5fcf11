/**
 * What a published message's header asks of a stream, found in one pass over its bytes. Nothing is made for a message that
 * asks for nothing: the one `PublishHeaders` is filled again and again.
 */
import { Buffer } from 'node:buffer';

export const MSG_ID = 0;
export const EXPECTED_STREAM = 1;
export const EXPECTED_LAST_SEQUENCE = 2;
export const EXPECTED_LAST_SUBJECT_SEQUENCE = 3;
export const EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT = 4;
export const EXPECTED_LAST_MSG_ID = 5;
export const ROLLUP = 6;
export const TTL = 7;
export const INCREMENT = 8;
export const COUNTER_SOURCES = 9;
export const BATCH_ID = 10;
export const BATCH_SEQUENCE = 11;
export const BATCH_COMMIT = 12;
export const SCHEDULE = 13;
export const SCHEDULE_TARGET = 14;
export const SCHEDULE_SOURCE = 15;
export const SCHEDULE_TTL = 16;
export const SCHEDULE_ROLLUP = 17;
export const SCHEDULE_TIME_ZONE = 18;
export const SCHEDULE_NEXT = 19;
export const SCHEDULER = 20;
export const STREAM_SOURCE = 21;
export const MARKER_REASON = 22;
export const REQUIRED_API_LEVEL = 23;
export const REQUEST_INFO = 24;
export const KV_OPERATION = 25;

/** In the order of the numbers above. */
export const PUBLISH_HEADER_NAMES = [
  'Nats-Msg-Id',
  'Nats-Expected-Stream',
  'Nats-Expected-Last-Sequence',
  'Nats-Expected-Last-Subject-Sequence',
  'Nats-Expected-Last-Subject-Sequence-Subject',
  'Nats-Expected-Last-Msg-Id',
  'Nats-Rollup',
  'Nats-TTL',
  'Nats-Incr',
  'Nats-Counter-Sources',
  'Nats-Batch-Id',
  'Nats-Batch-Sequence',
  'Nats-Batch-Commit',
  'Nats-Schedule',
  'Nats-Schedule-Target',
  'Nats-Schedule-Source',
  'Nats-Schedule-TTL',
  'Nats-Schedule-Rollup',
  'Nats-Schedule-Time-Zone',
  'Nats-Schedule-Next',
  'Nats-Scheduler',
  'Nats-Stream-Source',
  'Nats-Marker-Reason',
  'Nats-Required-Api-Level',
  'Nats-Request-Info',
  'KV-Operation',
] as const;

const COUNT = PUBLISH_HEADER_NAMES.length;
const NAME_MAX = Math.max(...PUBLISH_HEADER_NAMES.map(({ length }) => length));
/** By the length of the name: most lines are told apart by that alone. */
const BY_LENGTH: readonly (readonly { readonly index: number; readonly name: Buffer }[])[] = Array.from(
  { length: NAME_MAX + 1 },
  (_, length) =>
    PUBLISH_HEADER_NAMES.flatMap((name, index) => (name.length === length ? [{ index, name: Buffer.from(name) }] : [])),
);

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const UPPER_K = 0x4b;
const UPPER_N = 0x4e;
const DIGITS_MAX = 15;

export class PublishHeaders {
  /** A bit for each header that is there. */
  mask = 0;
  /** The status that some clients write into the first line is no part of what is stored. */
  hasStatus = false;
  private readonly starts = new Int32Array(COUNT);
  private readonly ends = new Int32Array(COUNT);

  has(header: number): boolean {
    return (this.mask & (1 << header)) !== 0;
  }

  set(header: number, start: number, end: number): void {
    this.mask |= 1 << header;
    this.starts[header] = start;
    this.ends[header] = end;
  }

  startOf(header: number): number {
    return this.starts[header]!;
  }

  endOf(header: number): number {
    return this.ends[header]!;
  }

  isEmpty(header: number): boolean {
    return this.starts[header] === this.ends[header];
  }

  /** Empty where it is not there. */
  text(bytes: Buffer, header: number): string {
    return this.has(header) ? bytes.toString('utf8', this.starts[header], this.ends[header]) : '';
  }

  /** -1 for what is no decimal number, or one beyond what is counted exactly. */
  number(bytes: Uint8Array, header: number): number {
    const start = this.starts[header]!;
    const end = this.ends[header]!;
    if (end === start || end - start > DIGITS_MAX) return -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }
}

/** Reads a whole header block. Of a header that is there twice the first counts. */
export function scanPublishHeaders(bytes: Uint8Array, start: number, length: number, into: PublishHeaders): void {
  into.mask = 0;
  into.hasStatus = false;
  const end = start + length;
  let at = lineEnd(bytes, start, end);
  into.hasStatus = at - start > 'NATS/1.0'.length;
  for (at = nextLine(bytes, at, end); at < end; at = nextLine(bytes, lineEnd(bytes, at, end), end)) {
    const first = bytes[at];
    if (first === UPPER_N || first === UPPER_K) scanLine(bytes, at, end, into);
  }
}

function scanLine(bytes: Uint8Array, start: number, end: number, into: PublishHeaders): void {
  const last = Math.min(end, start + NAME_MAX + 1);
  let colon = start;
  while (colon < last && bytes[colon] !== COLON) colon++;
  if (colon === last) return;
  const candidates = BY_LENGTH[colon - start]!;
  for (let which = 0; which < candidates.length; which++) {
    const { index, name } = candidates[which]!;
    if (!isName(bytes, start, name)) continue;
    if (!into.has(index)) setValue(bytes, colon + 1, end, index, into);
    return;
  }
}

function isName(bytes: Uint8Array, start: number, name: Buffer): boolean {
  // From behind: names begin alike.
  for (let at = name.length - 1; at >= 0; at--) if (bytes[start + at] !== name[at]) return false;
  return true;
}

/** What comes before the batch commit asks for nothing where it is empty. */
function setValue(bytes: Uint8Array, from: number, end: number, index: number, into: PublishHeaders): void {
  const stop = lineEnd(bytes, from, end);
  let start = from;
  while (start < stop && bytes[start] === SPACE) start++;
  if (start === stop && index <= BATCH_SEQUENCE) return;
  into.set(index, start, stop);
}

function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== CR) at++;
  return at;
}

function nextLine(bytes: Uint8Array, at: number, end: number): number {
  return at + 1 < end && bytes[at + 1] === LF ? at + 2 : at + 1;
}
