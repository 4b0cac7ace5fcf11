/** What the bodies of requests hold, but for configurations. */
import { Buffer } from 'node:buffer';
import { type ApiError, apiError } from './api-error.ts';
import { type Codec, DecodeFault, decodeBody, decodeWhole, type ValueOf } from './json/codec.ts';
import { always, given, list, optional, struct } from './json/composites.ts';
import { flag, int, text, uint64 } from './json/scalars.ts';
import { streamConfig } from './stream-config.ts';
import { streamState } from './stream-info.ts';
import { time } from './timestamp.ts';

export const streamNamesRequest = struct('server.JSApiStreamNamesRequest', {
  offset: always('offset', int),
  subject: given('subject', text),
});
export const streamListRequest = struct('server.JSApiStreamListRequest', {
  offset: always('offset', int),
  subject: given('subject', text),
});
export const consumersRequest = struct('server.JSApiConsumersRequest', { offset: always('offset', int) });

export const streamInfoRequest = struct('server.JSApiStreamInfoRequest', {
  offset: always('offset', int),
  deletedDetails: given('deleted_details', flag),
  subjectsFilter: given('subjects_filter', text),
});

export const purgeRequest = struct('server.JSApiStreamPurgeRequest', {
  sequence: given('seq', uint64),
  subject: given('filter', text),
  keep: given('keep', uint64),
});
export type PurgeRequest = ValueOf<typeof purgeRequest>;

export const messageDeleteRequest = struct('server.JSApiMsgDeleteRequest', {
  sequence: always('seq', uint64),
  noErase: given('no_erase', flag),
});

export const messageGetRequest = struct('server.JSApiMsgGetRequest', {
  sequence: given('seq', uint64),
  lastFor: given('last_by_subj', text),
  nextFor: given('next_by_subj', text),
  batch: given('batch', int),
  maxBytes: given('max_bytes', int),
  startTime: given('start_time', optional(time)),
  multiLastFor: given('multi_last', list(text)),
  upToSequence: given('up_to_seq', uint64),
  upToTime: given('up_to_time', optional(time)),
  noHeaders: given('no_hdr', flag),
});
export type MessageGetRequest = ValueOf<typeof messageGetRequest>;

export const snapshotRequest = struct('server.JSApiStreamSnapshotRequest', {
  deliverSubject: always('deliver_subject', text),
  noConsumers: given('no_consumers', flag),
  chunkSize: given('chunk_size', int),
  windowSize: given('window_size', int),
  checkMessages: given('jsck', flag),
});

export const restoreRequest = struct('server.JSApiStreamRestoreRequest', {
  config: always('config', streamConfig),
  state: always('state', streamState),
});

export const pauseRequest = struct('server.JSApiConsumerPauseRequest', { pauseUntil: given('pause_until', time) });
export const unpinRequest = struct('server.JSApiConsumerUnpinRequest', { group: always('group', text) });
export const resetRequest = struct('server.JSApiConsumerResetRequest', { sequence: given('seq', uint64) });

/** A body's value, or the error that answers it. */
export function decodeRequest<Value>(body: Uint8Array, codec: Codec<Value>, isStrict: boolean): Value | ApiError {
  const value = decodeBody(body, codec, isStrict);
  return value instanceof DecodeFault ? apiError(10025, { err: value.text }) : value;
}

/** For requests that are never strict. */
export function decodeLenient<Value>(body: Uint8Array, codec: Codec<Value>): Value | ApiError {
  const value = decodeWhole(body, codec);
  return value instanceof DecodeFault ? apiError(10025, { err: value.text }) : value;
}

/** For requests that may come without a body: what is no JSON is not looked at. */
export function decodeOptional<Value>(body: Uint8Array, codec: Codec<Value>, isStrict: boolean): Value | ApiError {
  const first = body.find((byte) => byte > 0x20);
  return first === 0x7b || first === 0x5b ? decodeRequest(body, codec, isStrict) : codec.zero();
}

/** Nothing, or an object with nothing in it. */
export function isEmptyBody(body: Uint8Array): boolean {
  if (body.length === 0) return true;
  if (body.length > 64) return false;
  return /^[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*$/.test(Buffer.from(body).toString('latin1'));
}

/** White space, and nothing else. */
export function isBlank(body: Uint8Array): boolean {
  return body.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

export const REQUIRED_LEVEL_HEADER = 'Nats-Required-Api-Level';

/** `value` is what the header says; empty where there is none. */
export function checkApiLevel(value: string, level: number): ApiError | null {
  if (value === '') return null;
  return /^[+-]?\d{1,9}$/.test(value) && Number(value) <= level ? null : apiError(10185);
}

/** What is asked for does not contradict itself, and is something. */
export function isSoundGet(request: MessageGetRequest): boolean {
  const { sequence, lastFor, nextFor, startTime } = request;
  if (request.batch > 0 || request.maxBytes > 0) return false;
  if (sequence === 0n && lastFor === '' && nextFor === '' && startTime === null) return false;
  if (sequence > 0n && lastFor !== '') return false;
  if (startTime !== null && (sequence > 0n || lastFor !== '')) return false;
  return lastFor === '' || nextFor === '';
}
