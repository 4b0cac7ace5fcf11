/** Messages that count: each adds to what the last one of its subject says. */
import { Buffer } from 'node:buffer';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  EXPECTED_LAST_MSG_ID,
  EXPECTED_LAST_SEQUENCE,
  EXPECTED_LAST_SUBJECT_SEQUENCE,
  EXPECTED_STREAM,
  INCREMENT,
  type PublishHeaders,
  ROLLUP,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import { withContent } from './subject-change.ts';

/** More digits than anybody counts; what they cost grows with their square. */
const DIGITS_MAX = 10_000;
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

/** The message as it is stored, with the new value; or why there is none. */
export function count(
  log: MessageLog,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
): Counted | ApiError {
  const before = lastValue(log, log.lastOf(log.nodeOf(message)));
  if (before === null) return apiError(10172);
  const value = String(before + BigInt(headers.text(bytes, INCREMENT).replace('+', '')));
  const header = message.bytes.subarray(message.headerStart, message.bodyStart);
  return { message: withContent(message, header, Buffer.from(`{"val":"${value}"}`)), value };
}

/** Null where what is there is no counter. */
function lastValue(log: MessageLog, seq: number): bigint | null {
  if (seq === 0) return 0n;
  const record = log.read(seq);
  if (record === null) return null;
  const text = Buffer.from(record.bytes.subarray(record.bodyStart, record.bodyEnd)).toString();
  const found = /^\{"val":"(-?\d+)"\}$/.exec(text);
  return found === null ? null : BigInt(found[1]!);
}
