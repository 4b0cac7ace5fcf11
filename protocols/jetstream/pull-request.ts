/**
 * A request for the next messages of a consumer. With small batches there is one for every message, so the forms that
 * clients send are read by the byte; whatever looks different is read at leisure.
 */
import type { Buffer } from 'node:buffer';
import { DecodeFault, decodeWhole } from './json/codec.ts';
import { given, struct } from './json/composites.ts';
import { duration, flag, int, text } from './json/scalars.ts';

const nextRequest = struct('', {
  expires: given('expires', duration),
  batch: given('batch', int),
  maxBytes: given('max_bytes', int),
  noWait: given('no_wait', flag),
  heartbeat: given('idle_heartbeat', duration),
  group: given('group', text),
  minPending: given('min_pending', int),
  minAckPending: given('min_ack_pending', int),
  id: given('id', text),
  priority: given('priority', int),
});

/** One is filled again and again. Durations are nanoseconds. */
export class PullRequest {
  batch = 1;
  expires = 0;
  noWait = false;
  maxBytes = 0;
  heartbeat = 0;
  group = '';
  minPending = 0;
  minAckPending = 0;
  id = '';
  priority = 0;
  /** It came as an object: only such ones can say which group they belong to. */
  isObject = false;

  reset(): void {
    this.batch = 1;
    this.expires = 0;
    this.noWait = false;
    this.maxBytes = 0;
    this.heartbeat = 0;
    this.group = '';
    this.minPending = 0;
    this.minAckPending = 0;
    this.id = '';
    this.priority = 0;
    this.isObject = false;
  }
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const DIGITS_MAX = 15;

/** What is wrong with it; empty where nothing is. */
export function parsePullRequest(bytes: Buffer, from: number, to: number, into: PullRequest): string {
  into.reset();
  let start = from;
  while (start < to && isSpace(bytes[start]!)) start++;
  if (start === to) return '';
  if (bytes[start] !== OPEN) {
    into.batch = plainBatch(bytes, start, to);
    return '';
  }
  into.isObject = true;
  if (readQuickly(bytes, start, to, into)) return '';
  return readAtLeisure(bytes, start, to, into);
}

/** A number of messages; whatever else it is asks for one. */
function plainBatch(bytes: Buffer, start: number, to: number): number {
  let end = to;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  const value = readDigits(bytes, start, end);
  return value > 0 ? value : 1;
}

/** -1 for what is no number, or too large a one. */
function readDigits(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > DIGITS_MAX) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** An object without spaces, with counts, flags and plain texts. False for anything else. */
function readQuickly(bytes: Buffer, start: number, end: number, into: PullRequest): boolean {
  let at = start + 1;
  if (bytes[at] === CLOSE) return at + 1 === end && finish(into, 0);
  for (let batch = 0; ; ) {
    if (bytes[at] !== QUOTE) return false;
    const keyStart = at + 1;
    const keyEnd = stringEnd(bytes, keyStart, end);
    if (keyEnd < 0 || bytes[keyEnd + 1] !== COLON) return false;
    const valueStart = keyEnd + 2;
    const valueEnd = valueStop(bytes, valueStart, end);
    if (valueEnd < 0) return false;
    const key = keyEnd - keyStart;
    if (key === 5 && bytes[keyStart] === 0x62) {
      if (!isKey(bytes, keyStart, 'batch')) return false;
      batch = readDigits(bytes, valueStart, valueEnd);
      if (batch < 0) return false;
    } else if (!readField(bytes, keyStart, keyEnd, valueStart, valueEnd, into)) return false;
    if (bytes[valueEnd] === CLOSE) return valueEnd + 1 === end && finish(into, batch);
    at = valueEnd + 1;
  }
}

function finish(into: PullRequest, batch: number): boolean {
  into.batch = batch > 0 ? batch : 1;
  return true;
}

function readField(
  bytes: Buffer,
  keyStart: number,
  keyEnd: number,
  start: number,
  end: number,
  into: PullRequest,
): boolean {
  switch (keyEnd - keyStart) {
    case 7:
      if (!isKey(bytes, keyStart, 'expires')) {
        return isKey(bytes, keyStart, 'no_wait') && readFlag(bytes, start, end, into);
      }
      into.expires = readDigits(bytes, start, end);
      return into.expires >= 0;
    case 9:
      if (!isKey(bytes, keyStart, 'max_bytes')) return false;
      into.maxBytes = readDigits(bytes, start, end);
      return into.maxBytes >= 0;
    case 14:
      if (!isKey(bytes, keyStart, 'idle_heartbeat')) return false;
      into.heartbeat = readDigits(bytes, start, end);
      return into.heartbeat >= 0;
    default:
      // Priority groups: rare enough.
      return false;
  }
}

function readFlag(bytes: Buffer, start: number, end: number, into: PullRequest): boolean {
  const length = end - start;
  into.noWait = length === 4 && isKey(bytes, start, 'true');
  return into.noWait || (length === 5 && isKey(bytes, start, 'false'));
}

function isKey(bytes: Buffer, start: number, key: string): boolean {
  for (let at = 0; at < key.length; at++) if (bytes[start + at] !== key.charCodeAt(at)) return false;
  return true;
}

function stringEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) return -1;
  }
  return -1;
}

/** Where a value that is no object, list or text ends. */
function valueStop(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === COMMA || bytes[at] === CLOSE) return at;
  return -1;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function readAtLeisure(bytes: Buffer, start: number, end: number, into: PullRequest): string {
  into.reset();
  into.isObject = true;
  const request = decodeWhole(bytes.subarray(start, end), nextRequest);
  if (request instanceof DecodeFault) return request.text;
  into.batch = request.batch === 0 ? 1 : request.batch;
  into.expires = Number(request.expires);
  into.noWait = request.noWait;
  into.maxBytes = request.maxBytes;
  into.heartbeat = Number(request.heartbeat);
  into.group = request.group;
  into.minPending = request.minPending;
  into.minAckPending = request.minAckPending;
  into.id = request.id;
  into.priority = request.priority;
  return '';
}
