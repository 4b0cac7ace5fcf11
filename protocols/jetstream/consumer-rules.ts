/** What makes a consumer's configuration acceptable, in the order in which a NATS server finds fault with it. */
import { Buffer } from 'node:buffer';
import type { ServerCaps, TierLimits } from './account-limits.ts';
import { type ApiError, apiError, invalidConfig } from './api-error.ts';
import { type ConsumerConfig, filtersOf, isPush } from './consumer-config.ts';
import { fillConsumer } from './consumer-defaults.ts';
import { priorityRule } from './consumer-priority.ts';
import { startRule } from './consumer-start.ts';
import { formatDurationText } from './duration-text.ts';
import { DESCRIPTION_BYTES_MAX, isValidName, METADATA_BYTES_MAX, NAME_BYTES_MAX } from './names.ts';
import type { StreamConfig } from './stream-config.ts';
import { metadataBytes } from './stream-rules.ts';
import { collide, isLiteralSubject, isSubset, isValidSubject } from './subject-rules.ts';

export interface ConsumerSurroundings {
  readonly stream: StreamConfig;
  readonly caps: ServerCaps;
  readonly limits: TierLimits;
  readonly isPedantic: boolean;
}

export type ConsumerDraft = { -readonly [Key in keyof ConsumerConfig]: ConsumerConfig[Key] };
export type ConsumerRule = (draft: ConsumerDraft, surroundings: ConsumerSurroundings) => ApiError | null;

const SHORTEST_HEARTBEAT = 100_000_000n;
const SHORTEST_EXPIRY = 1_000_000n;
const FLOW_HEARTBEAT = 1_000_000_000n;

const RULES: readonly ConsumerRule[] = [
  fillConsumer,
  nameRule,
  replicasRule,
  waitRule,
  flowPolicyRule,
  backoffRule,
  descriptionRule,
  modeRule,
  pendingRule,
  thresholdRule,
  directRule,
  filterRule,
  startRule,
  samplingRule,
  heartbeatRule,
  sameNameRule,
  metadataRule,
  priorityRule,
];

/** The configuration with everything filled in, or what is wrong with it. */
export function checkConsumer(config: ConsumerConfig, surroundings: ConsumerSurroundings): ConsumerConfig | ApiError {
  const draft: ConsumerDraft = { ...config };
  for (const rule of RULES) {
    const problem = rule(draft, surroundings);
    if (problem !== null) return problem;
  }
  return draft;
}

const FORBIDDEN = "can not contain '.', '*', '>', '\\', '/'";

function nameRule({ name, durableName }: ConsumerDraft): ApiError | null {
  if (name !== '' && !isValidName(name)) return invalidConfig(`consumer name ${FORBIDDEN}`);
  if (durableName !== '' && !isValidName(durableName)) return invalidConfig(`consumer durable name ${FORBIDDEN}`);
  return null;
}

export function nameLengthRule(name: string): ApiError | null {
  return Buffer.byteLength(name) > NAME_BYTES_MAX ? apiError(10102, { max: NAME_BYTES_MAX }) : null;
}

function replicasRule({ replicas }: ConsumerDraft, { stream }: ConsumerSurroundings): ApiError | null {
  if (replicas > 0 && replicas > stream.replicas) return apiError(10126);
  if (replicas < 0) return apiError(10133);
  return stream.retention !== 'limits' && replicas !== 0 && replicas !== stream.replicas ? apiError(10134) : null;
}

function waitRule({ ackWait, backoff }: ConsumerDraft): ApiError | null {
  // The first of these has become the other.
  if (backoff.some((wait) => wait < 0n)) return apiError(10184);
  return ackWait < 0n ? apiError(10183) : null;
}

function flowPolicyRule(draft: ConsumerDraft): ApiError | null {
  if (draft.ackPolicy !== 'flow_control') return null;
  if (draft.deliverSubject === '') return apiError(10218);
  if (!draft.flowControl) return apiError(10219);
  if (draft.heartbeat !== FLOW_HEARTBEAT) return invalidConfig('flow control ack policy heartbeat needs to be 1s');
  if (draft.maxAckPending <= 0) return apiError(10220);
  if (draft.ackWait !== 0n || draft.backoff.length > 0) return apiError(10221);
  return draft.maxDeliver > 0 ? apiError(10222) : null;
}

function backoffRule({ backoff, maxDeliver }: ConsumerDraft): ApiError | null {
  return backoff.length > 0 && maxDeliver !== -1 && backoff.length > maxDeliver ? apiError(10116) : null;
}

function descriptionRule({ description }: ConsumerDraft): ApiError | null {
  if (Buffer.byteLength(description) <= DESCRIPTION_BYTES_MAX) return null;
  return apiError(10107, { max: DESCRIPTION_BYTES_MAX });
}

function modeRule(draft: ConsumerDraft, surroundings: ConsumerSurroundings): ApiError | null {
  return isPush(draft) ? pushRule(draft, surroundings) : pullRule(draft, surroundings);
}

function pushRule(draft: ConsumerDraft, { stream }: ConsumerSurroundings): ApiError | null {
  const { deliverSubject } = draft;
  if (!isLiteralSubject(deliverSubject)) return apiError(10079);
  if (!isValidSubject(deliverSubject)) return apiError(10112);
  if (stream.subjects.some((subject) => collide(deliverSubject, subject))) return apiError(10081);
  if (draft.maxWaiting !== 0) return apiError(10080);
  if (draft.maxAckPending > 0 && draft.ackPolicy === 'none') return apiError(10082);
  return draft.heartbeat > 0n && draft.heartbeat < SHORTEST_HEARTBEAT ? apiError(10083) : null;
}

function pullRule(draft: ConsumerDraft, { stream, caps }: ConsumerSurroundings): ApiError | null {
  if (stream.retention === 'workqueue' && draft.ackPolicy === 'none') return apiError(10084);
  if (draft.rateLimit > 0n) return apiError(10086);
  if (draft.maxWaiting < 0) return apiError(10087);
  if (draft.heartbeat > 0n) return apiError(10088);
  if (draft.flowControl) return apiError(10089);
  if (draft.maxBatch < 0) return apiError(10114);
  if (draft.maxExpires !== 0n && draft.maxExpires < SHORTEST_EXPIRY) return apiError(10115);
  const cap = caps.maxRequestBatch;
  return cap > 0 && draft.maxBatch > cap ? apiError(10125, { limit: cap }) : null;
}

function pendingRule(draft: ConsumerDraft, { stream, caps, limits }: ConsumerSurroundings): ApiError | null {
  for (const cap of [caps.maxAckPending, limits.maxAckPending, stream.consumerLimits.maxAckPending]) {
    if (cap > 0 && draft.maxAckPending > cap) return apiError(10121, { limit: cap });
  }
  return null;
}

function thresholdRule(draft: ConsumerDraft, { stream }: ConsumerSurroundings): ApiError | null {
  const cap = stream.consumerLimits.inactiveThreshold;
  if (cap <= 0n || draft.inactiveThreshold <= cap) return null;
  return apiError(10153, { limit: formatDurationText(cap) });
}

function directRule({ direct, deliverSubject, durableName }: ConsumerDraft): ApiError | null {
  if (!direct) return null;
  if (deliverSubject === '') return apiError(10090);
  return durableName === '' ? null : apiError(10091);
}

function filterRule(draft: ConsumerDraft): ApiError | null {
  if (draft.filterSubject !== '' && draft.filterSubjects.length > 0) return apiError(10136);
  const filters = filtersOf(draft);
  if (filters.includes('')) return apiError(10139);
  if (!filters.every(isValidSubject)) return invalidConfig('invalid subject');
  const covers = (filter: string, at: number): boolean =>
    filters.some((other, otherAt) => otherAt !== at && isSubset(filter, other));
  return filters.some(covers) ? apiError(10138) : null;
}

function samplingRule({ sampleFrequency }: ConsumerDraft): ApiError | null {
  if (sampleFrequency === '') return null;
  const digits = sampleFrequency.replace(/%$/, '');
  if (/^\+?\d{1,18}$/.test(digits)) return null;
  if (/^-\d{1,18}$/.test(digits)) return apiError(10095, { err: '<nil>' });
  const reason = /^[+-]?\d+$/.test(digits) ? 'value out of range' : 'invalid syntax';
  return apiError(10095, { err: `strconv.Atoi: parsing ${JSON.stringify(digits)}: ${reason}` });
}

function heartbeatRule({ flowControl, heartbeat }: ConsumerDraft): ApiError | null {
  return flowControl && heartbeat === 0n ? apiError(10108) : null;
}

function sameNameRule({ name, durableName }: ConsumerDraft): ApiError | null {
  return name !== '' && durableName !== '' && name !== durableName ? apiError(10132) : null;
}

function metadataRule({ metadata }: ConsumerDraft): ApiError | null {
  return metadataBytes(metadata) > METADATA_BYTES_MAX ? apiError(10135, { limit: '128KB' }) : null;
}
