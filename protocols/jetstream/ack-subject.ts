/**
 * The reply subject of a delivered message says which one it is, and takes its acknowledgement. It is read and written by
 * the byte: every delivery and every acknowledgement goes through here.
 */
import { Buffer } from 'node:buffer';
import type { AckPlace } from './api-subject.ts';

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const PREFIX = '$JS.ACK.';
/** Tokens of the two forms; of the newer one there may be more. */
const TOKENS = 9;
const TOKENS_V2 = 11;
/** More digits than a sequence has that is counted exactly. */
const DIGITS_MAX = 15;

/** What is acknowledged. One is filled again and again. */
export class AckPosition {
  /** Positions in the bytes that were read. */
  streamStart = 0;
  streamEnd = 0;
  consumerStart = 0;
  consumerEnd = 0;
  deliveries = 0;
  streamSequence = 0;
  consumerSequence = 0;
}

/** False where the bytes are no such subject. */
export function parseAckSubject(bytes: Uint8Array, start: number, end: number, into: AckPosition): boolean {
  const tokens = countTokens(bytes, start, end);
  if (tokens !== TOKENS && tokens < TOKENS_V2) return false;
  let at = start;
  for (let skipped = tokens === TOKENS ? 2 : 4; skipped > 0; skipped--) at = tokenEnd(bytes, at, end) + 1;
  into.streamStart = at;
  into.streamEnd = tokenEnd(bytes, at, end);
  into.consumerStart = into.streamEnd + 1;
  into.consumerEnd = tokenEnd(bytes, into.consumerStart, end);
  return readNumbers(bytes, into.consumerEnd + 1, end, into);
}

/** The same where what comes before the numbers is known, and `start` is behind it. */
export function parseAckNumbers(bytes: Uint8Array, start: number, end: number, into: AckPosition): boolean {
  return readNumbers(bytes, start, end, into);
}

function readNumbers(bytes: Uint8Array, start: number, end: number, into: AckPosition): boolean {
  const deliveriesEnd = tokenEnd(bytes, start, end);
  const streamEnd = tokenEnd(bytes, deliveriesEnd + 1, end);
  const consumerEnd = tokenEnd(bytes, streamEnd + 1, end);
  into.deliveries = readNumber(bytes, start, deliveriesEnd);
  into.streamSequence = readNumber(bytes, deliveriesEnd + 1, streamEnd);
  into.consumerSequence = readNumber(bytes, streamEnd + 1, consumerEnd);
  return into.deliveries >= 0 && into.streamSequence >= 0 && into.consumerSequence >= 0;
}

/** -1 for what is no number. */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > DIGITS_MAX) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

function countTokens(bytes: Uint8Array, start: number, end: number): number {
  let count = 1;
  for (let at = start; at < end; at++) if (bytes[at] === DOT) count++;
  return count;
}

function tokenEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== DOT) at++;
  return at;
}

/** What comes before the numbers, made once for a consumer; `place` for the newer form. */
export function ackPrefix(stream: string, consumer: string, place: AckPlace | null = null): Buffer {
  const way = place === null ? '' : `${place.domain === '' ? '_' : place.domain}.${place.accountHash}.`;
  return Buffer.from(`${PREFIX}${way}${stream}.${consumer}.`);
}

/** The subjects a consumer hears acknowledgements on, in the older form and the newer. */
export function ackPatterns(stream: string, consumer: string, place: AckPlace): readonly [v1: string, v2: string] {
  const domain = place.domain === '' ? '_' : place.domain;
  return [
    `${PREFIX}${stream}.${consumer}.*.*.*.*.*`,
    `${PREFIX}${domain}.${place.accountHash}.${stream}.${consumer}.*.*.*.*.>`,
  ];
}

/** What a delivery's reply subject counts. The time is whole milliseconds, and the nanoseconds beyond them. */
export interface AckNumbers {
  readonly deliveries: number;
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly milliseconds: number;
  readonly nanos: number;
  readonly pending: number;
}

/** As text; `writeAckSubject` for many. */
export function ackSubject(prefix: Buffer, numbers: AckNumbers): string {
  const { deliveries, streamSequence, consumerSequence, milliseconds, nanos, pending } = numbers;
  const time = milliseconds > 0 ? `${milliseconds}${String(nanos).padStart(6, '0')}` : String(nanos);
  return `${prefix.toString('latin1')}${deliveries}.${streamSequence}.${consumerSequence}.${time}.${pending}`;
}

/** How many digits a number takes in a subject. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}
