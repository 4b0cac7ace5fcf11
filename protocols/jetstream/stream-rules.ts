/**
 * What makes a stream's configuration acceptable, in the order in which a NATS server finds fault with it. What is left out is
 * filled in on the way.
 */
import { Buffer } from 'node:buffer';
import type { ServerCaps, TierLimits } from './account-limits.ts';
import { type ApiError, apiError, invalidConfig, pedanticError } from './api-error.ts';
import { formatDurationText } from './duration-text.ts';
import { DESCRIPTION_BYTES_MAX, isValidName, METADATA_BYTES_MAX, NAME_BYTES_MAX } from './names.ts';
import { republishRules } from './republish-rules.ts';
import { externalRules, mirrorRules, sourceRules } from './source-rules.ts';
import { REQUIRED_LEVEL_KEY, type StreamConfig } from './stream-config.ts';
import { subjectRules, transformRule } from './stream-subjects.ts';

export interface StreamSurroundings {
  readonly caps: ServerCaps;
  readonly isPedantic: boolean;
  /** What the account may use for a stream of so many copies; null where there is none to be. */
  limitsFor(copies: number): TierLimits | null;
  /** Alone, a server keeps one copy of each stream. */
  readonly isClustered: boolean;
  /** What is there now under a name in this account; null for nothing. */
  streamNamed(name: string): StreamConfig | null;
  /** Why a source and a destination make no transform; null when they do. */
  transformProblem(source: string, destination: string): string | null;
}

/** Changes what it is given: the caller hands over a copy. */
export type StreamRule = (config: Draft, surroundings: StreamSurroundings) => ApiError | null;
export type Draft = { -readonly [Key in keyof StreamConfig]: StreamConfig[Key] };

const SECOND = 1_000_000_000n;
const SHORTEST = 100_000_000n;
const DEFAULT_WINDOW = 120n * SECOND;
const REPLICAS_MAX = 5;

const RULES: readonly StreamRule[] = [
  nameRule,
  descriptionRule,
  metadataRule,
  replicasRule,
  countsRule,
  ageRule,
  windowRule,
  rollupRule,
  counterRule,
  discardPerSubjectRule,
  markerRule,
  schedulesRule,
  persistRule,
  firstMirrorRule,
  mirrorRules,
  sourceRules,
  externalRules,
  subjectRules,
  sizeRule,
  transformRule,
  republishRules,
  placementRule,
  clusterRule,
];

/** The configuration with everything filled in, or what is wrong with it. */
export function checkStream(config: StreamConfig, surroundings: StreamSurroundings): StreamConfig | ApiError {
  const draft: Draft = { ...config };
  for (const rule of RULES) {
    const problem = rule(draft, surroundings);
    if (problem !== null) return problem;
  }
  return draft;
}

function nameRule({ name }: Draft): ApiError | null {
  if (!isValidName(name)) {
    return invalidConfig("stream name is required and can not contain '.', '*', '>', '\\', '/'");
  }
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return null;
  return invalidConfig(`stream name is too long, maximum allowed is ${NAME_BYTES_MAX}`);
}

function descriptionRule({ description }: Draft): ApiError | null {
  if (Buffer.byteLength(description) <= DESCRIPTION_BYTES_MAX) return null;
  return invalidConfig(`stream description is too long, maximum allowed is ${DESCRIPTION_BYTES_MAX}`);
}

function metadataRule({ metadata }: Draft): ApiError | null {
  if (metadataBytes(metadata) <= METADATA_BYTES_MAX) return null;
  return invalidConfig(`stream metadata exceeds maximum size of ${METADATA_BYTES_MAX} bytes`);
}

/** One digit, and what it is called. */
const REQUIRED_LEVEL_BYTES = REQUIRED_LEVEL_KEY.length + 1;

/** With the level that every configuration is given. */
export function metadataBytes(metadata: ReadonlyMap<string, string> | null): number {
  let bytes = REQUIRED_LEVEL_BYTES;
  for (const [key, value] of metadata ?? []) {
    if (key !== REQUIRED_LEVEL_KEY) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return bytes;
}

function replicasRule(draft: Draft): ApiError | null {
  if (draft.replicas === 0) draft.replicas = 1;
  if (draft.replicas > REPLICAS_MAX) return invalidConfig(`maximum replicas is ${REPLICAS_MAX}`);
  return draft.replicas < 0 ? apiError(10133) : null;
}

/** Nothing given, or something below -1, means that there is no limit. */
function countsRule(draft: Draft, { isPedantic }: StreamSurroundings): ApiError | null {
  if (isPedantic) {
    const low = lowCount(draft);
    if (low !== '') return pedanticError(`${low} must be set to -1`);
  }
  draft.maxMsgs = limitOf(draft.maxMsgs);
  draft.maxMsgsPerSubject = limitOf(draft.maxMsgsPerSubject);
  draft.maxBytes = limitOf(draft.maxBytes);
  draft.maxMsgSize = draft.maxMsgSize === 0 || draft.maxMsgSize < -1 ? -1 : draft.maxMsgSize;
  draft.maxConsumers = draft.maxConsumers === 0 || draft.maxConsumers < -1 ? -1 : draft.maxConsumers;
  return null;
}

function lowCount(draft: Draft): string {
  if (draft.maxMsgs < -1n) return 'max_msgs';
  if (draft.maxMsgsPerSubject < -1n) return 'max_msgs_per_subject';
  if (draft.maxBytes < -1n) return 'max_bytes';
  if (draft.maxMsgSize < -1) return 'max_msg_size';
  return draft.maxConsumers < -1 ? 'max_consumers' : '';
}

function limitOf(value: bigint): bigint {
  return value === 0n || value < -1n ? -1n : value;
}

function ageRule({ maxAge }: Draft): ApiError | null {
  if (maxAge < 0n) return invalidConfig('max age can not be negative');
  return maxAge !== 0n && maxAge < SHORTEST ? invalidConfig('max age needs to be >= 100ms') : null;
}

function windowRule(draft: Draft, { caps, isPedantic }: StreamSurroundings): ApiError | null {
  const cap = caps.duplicateWindow;
  if (draft.duplicateWindow === 0n && draft.mirror === null && draft.sources.length === 0) {
    const isCapped = cap > 0n && cap < DEFAULT_WINDOW;
    if (isCapped && isPedantic) return pedanticError('duplicate window limits are higher than current limits');
    const window = isCapped ? cap : DEFAULT_WINDOW;
    const isAged = draft.maxAge !== 0n && draft.maxAge < window;
    if (isAged && isPedantic) return pedanticError('duplicate window cannot be bigger than max age');
    draft.duplicateWindow = isAged ? draft.maxAge : window;
  }
  if (draft.duplicateWindow < 0n) return invalidConfig('duplicates window can not be negative');
  if (draft.maxAge !== 0n && draft.duplicateWindow > draft.maxAge) {
    return invalidConfig('duplicates window can not be larger then max age');
  }
  if (cap > 0n && draft.duplicateWindow > cap) {
    return invalidConfig(`duplicates window can not be larger then server limit of ${formatDurationText(cap)}`);
  }
  if (draft.duplicateWindow > 0n && draft.duplicateWindow < SHORTEST) {
    return invalidConfig('duplicates window needs to be >= 100ms');
  }
  return null;
}

function rollupRule(draft: Draft): ApiError | null {
  return draft.denyPurge && draft.allowRollup ? invalidConfig('roll-ups require the purge permission') : null;
}

function counterRule(draft: Draft): ApiError | null {
  if (!draft.allowMsgCounter) return null;
  if (draft.discard === 'new') return invalidConfig('counter stream cannot use discard new');
  if (draft.allowMsgTtl) return invalidConfig('counter stream cannot use message TTLs');
  if (draft.allowMsgSchedules) return invalidConfig('counter stream cannot use message schedules');
  return draft.retention === 'limits' ? null : invalidConfig('counter stream can only use limits retention');
}

function discardPerSubjectRule(draft: Draft): ApiError | null {
  if (!draft.discardNewPerSubject) return null;
  if (draft.discard !== 'new') {
    return invalidConfig('discard new per subject requires discard new policy to be set');
  }
  return draft.maxMsgsPerSubject > 0n
    ? null
    : invalidConfig('discard new per subject requires max msgs per subject > 0');
}

/** Markers need what makes them go away again. */
function markerRule(draft: Draft, { isPedantic }: StreamSurroundings): ApiError | null {
  const ttl = draft.subjectDeleteMarkerTtl;
  if (ttl < 0n) return invalidConfig('subject delete marker TTL must not be negative');
  if (ttl === 0n) return null;
  if (ttl < SECOND) return invalidConfig('subject delete marker TTL must be at least 1 second');
  if (isPedantic && !draft.allowMsgTtl) {
    return invalidConfig('subject delete marker cannot be set if message TTLs are disabled');
  }
  if (isPedantic && !draft.allowRollup) {
    return invalidConfig('subject delete marker cannot be set if roll-ups are disabled');
  }
  draft.allowMsgTtl = true;
  draft.allowRollup = true;
  draft.denyPurge = false;
  return null;
}

function schedulesRule(draft: Draft, { isPedantic }: StreamSurroundings): ApiError | null {
  if (!draft.allowMsgSchedules) return null;
  if (draft.discard === 'new') return invalidConfig('message scheduling cannot use discard new');
  if (isPedantic && !draft.allowRollup) {
    return invalidConfig('message scheduling cannot be set if roll-ups are disabled');
  }
  draft.allowRollup = true;
  draft.denyPurge = false;
  return null;
}

function persistRule(draft: Draft): ApiError | null {
  if (draft.persistMode !== 'async') return null;
  if (draft.storage !== 'file') return invalidConfig('async persist mode is only supported on file storage');
  if (draft.replicas > 1) return invalidConfig('async persist mode is not supported on replicated streams');
  return draft.allowAtomic ? invalidConfig('async persist mode is not supported with atomic batch publish') : null;
}

/** What the account asks of every stream, and the most that one of them may have. */
function sizeRule({ maxBytes, storage, replicas }: Draft, { limitsFor }: StreamSurroundings): ApiError | null {
  const limits = limitsFor(replicas);
  if (limits === null) return null;
  if (limits.maxBytesRequired && maxBytes <= 0n) return apiError(10113);
  const cap = storage === 'memory' ? limits.memoryMaxStreamBytes : limits.storageMaxStreamBytes;
  return cap > 0 && maxBytes > cap ? apiError(10122) : null;
}

function clusterRule({ replicas }: Draft, { isClustered }: StreamSurroundings): ApiError | null {
  return replicas > 1 && !isClustered ? apiError(10074) : null;
}

function placementRule(draft: Draft): ApiError | null {
  const { placement } = draft;
  if (placement === null) return null;
  if (placement.preferred !== '') return invalidConfig('preferred server not permitted in placement');
  if (placement.cluster === '' && placement.tags.length === 0) draft.placement = null;
  return null;
}

function firstMirrorRule(draft: Draft): ApiError | null {
  if (draft.mirror === null) return null;
  if (draft.firstSeq > 0n) return apiError(10143);
  if (draft.subjects.length > 0) return apiError(10034);
  if (draft.sources.length > 0) return apiError(10031);
  if (draft.allowMsgCounter) return apiError(10173);
  if (draft.allowAtomic) return apiError(10198);
  if (draft.allowBatched) return apiError(10209);
  return draft.allowMsgSchedules ? apiError(10186) : null;
}
