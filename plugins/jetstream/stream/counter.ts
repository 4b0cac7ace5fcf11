/** Messages that count: each adds to what the last one of its subject says. */
import { Buffer } from 'node:buffer';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  type CounterSources,
  NO_SOURCES,
  parseCounterSources,
  printCounterSources,
  valueFrom,
  withValueFrom,
} from '../../../protocols/jetstream/counter-sources.ts';
import { fieldOf, withField } from '../../../protocols/jetstream/message-header.ts';
import {
  EXPECTED_LAST_MSG_ID,
  EXPECTED_LAST_SEQUENCE,
  EXPECTED_LAST_SUBJECT_SEQUENCE,
  EXPECTED_STREAM,
  INCREMENT,
  type PublishHeaders,
  ROLLUP,
  STREAM_SOURCE,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import { withContent } from './subject-change.ts';

/** More digits than anybody counts; what they cost grows with their square. */
const DIGITS_MAX = 10_000;
/** A value is as long, and a little longer where many were added up. */
const VALUE_DIGITS_MAX = DIGITS_MAX + 20;
const SOURCES = 'Nats-Counter-Sources';
const WHOLE = /^-?\d+$/;
const EXCLUDED = [
  ROLLUP,
  EXPECTED_STREAM,
  EXPECTED_LAST_SEQUENCE,
  EXPECTED_LAST_SUBJECT_SEQUENCE,
  EXPECTED_LAST_MSG_ID,
];

/** What speaks against an increment whatever its stream holds. */
export function checkIncrement(
  isCounter: boolean,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
): ApiError | null {
  if (!headers.has(INCREMENT)) return null;
  const value = headers.text(bytes, INCREMENT);
  if (!/^[+-]?\d+$/.test(value) || value.length > DIGITS_MAX) return apiError(10171);
  if (!isCounter) return apiError(10168);
  if (message.bodyEnd > message.bodyStart) return apiError(10170);
  return EXCLUDED.some((header) => headers.has(header)) ? apiError(10171) : null;
}

export interface Counted {
  readonly message: MessageBytes;
  readonly value: string;
}

/** What a message of a counter says. */
interface Tally {
  readonly value: bigint;
  readonly sources: CounterSources;
}

const NOTHING: Tally = { value: 0n, sources: NO_SOURCES };

/** The message as it is stored, with the new value; or why there is none. */
export function count(
  log: MessageLog,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
): Counted | ApiError {
  const before = lastTally(log, log.lastOf(log.nodeOf(message)));
  if (before === null) return apiError(10172);
  if (headers.has(STREAM_SOURCE)) return countSourced(before, message, bytes, headers);
  const value = before.value + BigInt(headers.text(bytes, INCREMENT).replace('+', ''));
  return counted(message, headerOf(message), { value, sources: before.sources });
}

/** What was counted elsewhere is counted here as far as it was not before: its own increment says nothing of that. */
function countSourced(
  { value, sources }: Tally,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
): Counted | ApiError {
  const there = valueIn(message);
  if (there === null) return apiError(10172);
  const [stream = '', , , , subject = ''] = headers.text(bytes, STREAM_SOURCE).split(' ');
  const known = valueFrom(sources, stream, subject);
  if (!WHOLE.test(known)) return apiError(10172);
  const increment = there - BigInt(known);
  const header = withField(headerOf(message), 'Nats-Incr', String(increment));
  const after = withValueFrom(sources, stream, subject, String(there));
  return counted(message, header, { value: value + increment, sources: after });
}

function counted(message: MessageBytes, header: Uint8Array, { value, sources }: Tally): Counted {
  const kept = sources.size === 0 ? header : withField(header, SOURCES, printCounterSources(sources));
  return { message: withContent(message, kept, Buffer.from(`{"val":"${value}"}`)), value: String(value) };
}

function headerOf({ bytes, headerStart, bodyStart }: MessageBytes): Buffer {
  return (bytes as Buffer).subarray(headerStart, bodyStart);
}

/** Null where what is there is no counter. */
function lastTally(log: MessageLog, seq: number): Tally | null {
  if (seq === 0) return NOTHING;
  const record = log.read(seq);
  const value = record === null ? null : valueIn(record);
  if (record === null || value === null) return null;
  const header = headerOf(record);
  if (!header.includes(SOURCES)) return { value, sources: NO_SOURCES };
  const sources = parseCounterSources(fieldOf(header, SOURCES) ?? '{}');
  return sources === null ? null : { value, sources };
}

function valueIn({ bytes, bodyStart, bodyEnd }: MessageBytes): bigint | null {
  const found = /^\{"val":"(-?\d+)"\}$/.exec(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString());
  return found === null || found[1]!.length > VALUE_DIGITS_MAX ? null : BigInt(found[1]!);
}
