/** Answers to requests, as JSON: the type, then an error or what was asked for. */
import { Buffer } from 'node:buffer';
import { type ApiError, printError } from './api-error.ts';
import { ENDPOINTS, type Endpoint, TYPE_PREFIX } from './api-subject.ts';
import { CONSUMER_INFO_FIELDS, consumerInfo } from './consumer-info.ts';
import type { Codec, ValueOf } from './json/codec.ts';
import { always, given, list, printMap, struct } from './json/composites.ts';
import { printString } from './json/print-json.ts';
import { duration, flag, int, text } from './json/scalars.ts';
import { streamConfig } from './stream-config.ts';
import { count, STREAM_INFO_FIELDS, streamInfo, streamState } from './stream-info.ts';
import { nanosTime } from './timestamp.ts';

/** What an answer that refuses says beside the error. */
const ERROR_TAILS: Readonly<Partial<Record<Endpoint, string>>> = {
  'STREAM.INFO': ',"total":0,"offset":0,"limit":0',
  'STREAM.NAMES': ',"total":0,"offset":0,"limit":0,"streams":null',
  'STREAM.LIST': ',"total":0,"offset":0,"limit":0,"streams":[]',
  'STREAM.PURGE': ',"purged":0',
  'STREAM.RESTORE': ',"deliver_subject":""',
  'CONSUMER.NAMES': ',"total":0,"offset":0,"limit":0,"consumers":[]',
  'CONSUMER.LIST': ',"total":0,"offset":0,"limit":0,"consumers":[]',
  'CONSUMER.PAUSE': ',"paused":false,"pause_until":"0001-01-01T00:00:00Z"',
  'CONSUMER.RESET': ',"reset_seq":0',
};

export function printErrorReply(endpoint: Endpoint, error: ApiError): string {
  return `${head(endpoint)},"error":${printError(error)}${ERROR_TAILS[endpoint] ?? ''}}`;
}

/** To who may not ask that: callers of the system account. */
export function printSystemError(error: ApiError): string {
  return `{"type":"${TYPE_PREFIX}system_response","error":${printError(error)}}`;
}

export function printReply<Value>(endpoint: Endpoint, codec: Codec<Value>, value: Value): string {
  const body = codec.print(value).slice(1);
  return `${head(endpoint)}${body === '}' ? '' : ','}${body}`;
}

/** For endpoints that have nothing to tell but that it is done. */
export function printDone(endpoint: Endpoint): string {
  return `${head(endpoint)},"success":true}`;
}

/** Not even that. */
export function printEmpty(endpoint: Endpoint): string {
  return `${head(endpoint)}}`;
}

function head(endpoint: Endpoint): string {
  return `{"type":"${TYPE_PREFIX}${ENDPOINTS[endpoint].type}"`;
}

export const NAMES_PAGE = 1024;
export const LIST_PAGE = 256;
export const SUBJECTS_PAGE = 100_000;

/** Where a page begins, of a list so long. */
export function clampOffset(offset: number, total: number): number {
  return Math.min(Math.max(offset, 0), total);
}

const PAGE = { total: always('total', int), offset: always('offset', int), limit: always('limit', int) };

/** An empty list of streams is printed as none at all. */
const namesOrNull: Codec<readonly string[]> = {
  ...list(text),
  print: (value) => (value.length === 0 ? 'null' : list(text).print(value)),
};

/** Reasons by name. */
const reasons: Codec<ReadonlyMap<string, string>> = {
  typeName: 'map[string]string',
  zero: () => new Map(),
  isZero: (value) => value.size === 0,
  read: () => new Map(),
  print: (value) => printMap(value, printString),
};

const ABSENT = { missing: given('missing', list(text)), offline: given('offline', reasons) };

export const streamNamesReply = struct('', { ...PAGE, streams: always('streams', namesOrNull) });
export const streamListReply = struct('', { ...PAGE, streams: always('streams', list(streamInfo)), ...ABSENT });
export const consumerNamesReply = struct('', { ...PAGE, consumers: always('consumers', list(text)) });
export const consumerListReply = struct('', { ...PAGE, consumers: always('consumers', list(consumerInfo)), ...ABSENT });

export const streamCreateReply = struct('', { ...STREAM_INFO_FIELDS, didCreate: given('did_create', flag) });
export const streamInfoReply = struct('', { ...PAGE, ...STREAM_INFO_FIELDS });
export const purgeReply = struct('', { success: given('success', flag), purged: always('purged', count) });

export const consumerResetReply = struct('', {
  ...CONSUMER_INFO_FIELDS,
  resetSequence: always('reset_seq', count),
});
export const pauseReply = struct('', {
  paused: always('paused', flag),
  pauseUntil: always('pause_until', nanosTime),
  pauseRemaining: given('pause_remaining', duration),
});

/** Bytes as text that JSON can hold. */
const base64: Codec<Uint8Array> = {
  typeName: '[]uint8',
  zero: () => new Uint8Array(0),
  isZero: (value) => value.length === 0,
  read: () => new Uint8Array(0),
  print: (value) => `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`,
};

const storedMessage = struct('server.StoredMsg', {
  subject: always('subject', text),
  sequence: always('seq', count),
  header: given('hdrs', base64),
  data: given('data', base64),
  time: always('time', nanosTime),
});
export const messageGetReply = struct('', { message: always('message', storedMessage) });

export const snapshotReply = struct('', {
  config: always('config', streamConfig),
  state: always('state', streamState),
});
export const restoreReply = struct('', { deliverSubject: always('deliver_subject', text) });
export const accountPurgeReply = struct('', { initiated: given('initiated', flag) });

const limits = struct('server.JetStreamAccountLimits', {
  maxMemory: always('max_memory', int),
  maxStorage: always('max_storage', int),
  maxStreams: always('max_streams', int),
  maxConsumers: always('max_consumers', int),
  maxAckPending: always('max_ack_pending', int),
  memoryMaxStreamBytes: always('memory_max_stream_bytes', int),
  storageMaxStreamBytes: always('storage_max_stream_bytes', int),
  maxBytesRequired: always('max_bytes_required', flag),
});

const TIER = {
  memory: always('memory', count),
  storage: always('storage', count),
  reservedMemory: always('reserved_memory', count),
  reservedStorage: always('reserved_storage', count),
  streams: always('streams', int),
  consumers: always('consumers', int),
  limits: always('limits', limits),
};
const tier = struct('server.JetStreamTier', TIER);
export type TierUsage = ValueOf<typeof tier>;

const tiers: Codec<ReadonlyMap<string, TierUsage> | null> = {
  typeName: 'map[string]server.JetStreamTier',
  zero: () => null,
  isZero: (value) => value === null || value.size === 0,
  read: () => null,
  print: (value) => printMap(value ?? new Map<string, TierUsage>(), tier.print),
};

const apiUsage = struct('server.JetStreamAPIStats', {
  level: always('level', int),
  total: always('total', count),
  errors: always('errors', count),
  inflight: given('inflight', count),
});

export const accountInfoReply = struct('', {
  ...TIER,
  domain: given('domain', text),
  api: always('api', apiUsage),
  tiers: given('tiers', tiers),
});
