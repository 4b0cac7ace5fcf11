/** What is looked at before a configuration itself, when a stream is to be made or changed. */
import type { TierLimits } from './account-limits.ts';
import { type ApiError, apiError, invalidConfig } from './api-error.ts';
import { DecodeFault, decodeBody } from './json/codec.ts';
import { readOnly, struct } from './json/composites.ts';
import { text } from './json/scalars.ts';
import { hasPathSeparator } from './names.ts';
import { type StreamConfig, type StreamConfigRequest, streamConfigRequest } from './stream-config.ts';
import { SubjectPool } from './subject-pool.ts';
import { isValidSubject } from './subject-rules.ts';

/** A request's configuration, or why it can not be read. */
export function decodeStreamRequest(body: Uint8Array, isStrict: boolean): StreamConfigRequest | ApiError {
  const request = decodeBody(body, streamConfigRequest, isStrict);
  return request instanceof DecodeFault ? apiError(10025, { err: request.text }) : request;
}

const storageName = struct('storage name', { name: readOnly('storage', text) });

/** Whether a request says where its stream is to be kept. */
export function namesStorage(body: Uint8Array): boolean {
  const named = decodeBody(body, storageName, false);
  return !(named instanceof DecodeFault) && named.name !== '';
}

/** What is wrong with a request to make a stream whatever else it says; `name` is that of the subject it came on. */
export function checkCreateRequest(name: string, config: StreamConfig): ApiError | null {
  if (config.name !== name) return apiError(10056);
  if (hasPathSeparator(name)) return apiError(10128);
  if (config.sealed) return invalidConfig('stream configuration for create can not be sealed');
  if (config.mirror === null && config.mirrorDirect) {
    return invalidConfig('stream has no mirror but does have mirror direct');
  }
  return null;
}

/** What other streams of an account, and all streams of the server, have taken already. */
export interface Reservations {
  readonly streams: number;
  readonly memory: number;
  readonly storage: number;
  readonly serverMemory: number;
  readonly serverStorage: number;
  readonly serverMaxMemory: number;
  readonly serverMaxStorage: number;
}

/** Whether an account may have one stream more; only asked when a stream is made. */
export function checkStreamCount(limits: TierLimits, taken: Reservations): ApiError | null {
  return limits.maxStreams > 0 && taken.streams >= limits.maxStreams ? apiError(10027) : null;
}

/** Whether a stream may have as many consumers as it asks for. */
export function checkConsumerCount({ maxConsumers }: StreamConfig, limits: TierLimits): ApiError | null {
  return limits.maxConsumers > 0 && maxConsumers > limits.maxConsumers ? apiError(10026) : null;
}

/** Whether what a stream asks for is there. `factor`: how many times its bytes count. */
export function checkStreamSize(
  config: StreamConfig,
  limits: TierLimits,
  taken: Reservations,
  factor: number,
  isNew = true,
): ApiError | null {
  return checkConsumerCount(config, limits) ?? checkReservation(config, limits, taken, factor, isNew);
}

/**
 * Whether the bytes are there that a stream is to have for sure. One that says nothing reserves nothing, and is not made where all is
 * promised to others.
 */
export function checkReservation(
  config: StreamConfig,
  limits: TierLimits,
  taken: Reservations,
  factor: number,
  isNew = true,
): ApiError | null {
  const isMemory = config.storage === 'memory';
  const bytes = Number(config.maxBytes);
  if (bytes <= 0 && !isNew) return null;
  const wanted = bytes < 0 ? 1 : bytes * factor;
  const accountCap = isMemory ? limits.maxMemory : limits.maxStorage;
  const ofAccount = (isMemory ? taken.memory : taken.storage) + wanted;
  const serverCap = isMemory ? taken.serverMaxMemory : taken.serverMaxStorage;
  const ofServer = (isMemory ? taken.serverMemory : taken.serverStorage) + wanted;
  const isOver = (accountCap >= 0 && ofAccount > accountCap) || ofServer > serverCap;
  return isOver ? apiError(isMemory ? 10028 : 10047) : null;
}

/** What only shows when the stream is about to be made, beside those that are there. */
export function checkBeside(config: StreamConfig, others: Iterable<StreamConfig>): ApiError | null {
  const { mirror, sources } = config;
  if (mirror !== null && isBadFilter(mirror.filterSubject)) {
    return apiError(10049, { err: `subject filter '${mirror.filterSubject}' for the mirror invalid subject` });
  }
  const bad = sources.find(({ filterSubject }) => isBadFilter(filterSubject));
  if (bad !== undefined) {
    return apiError(10049, { err: `subject filter '${bad.filterSubject}' for the source: invalid subject` });
  }
  return checkOverlap(config, others);
}

/** Every subject has one stream of an account at most. */
export function checkOverlap(config: StreamConfig, others: Iterable<StreamConfig>): ApiError | null {
  const own = new SubjectPool();
  for (const subject of config.subjects) own.add(subject);
  for (const { name, subjects } of others) {
    if (name !== config.name && subjects.some((subject) => own.colliding(subject) !== null)) return apiError(10065);
  }
  return null;
}

function isBadFilter(filter: string): boolean {
  return filter !== '' && !isValidSubject(filter);
}
