/** What speaks against a batch: each message is looked at as if those before it were stored already. */
import type { Buffer } from 'node:buffer';
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import {
  EXPECTED_LAST_MSG_ID,
  EXPECTED_LAST_SEQUENCE,
  EXPECTED_LAST_SUBJECT_SEQUENCE,
  EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT,
  EXPECTED_STREAM,
  MSG_ID,
  ROLLUP,
  STREAM_SOURCE,
  TTL,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { StagedMessage } from './atomic-batch.ts';
import { checkIncrement } from './counter.ts';
import type { Duplicates } from './duplicates.ts';
import type { StreamLimits } from './limits.ts';
import type { MessageLog } from './message-log.ts';
import { checkSchedule, checkScheduler } from './schedule-rules.ts';
import { subjectOf } from './subject-change.ts';

const HEADER_BYTES_MAX = 65_535;

export interface BatchedInto {
  readonly config: StreamConfig;
  readonly limits: StreamLimits;
  readonly log: MessageLog;
  readonly duplicates: Duplicates;
}

/** The first problem decides. */
export function checkBatch(
  stream: BatchedInto,
  all: readonly StagedMessage[],
  /** In milliseconds. */
  now: number,
): ApiError | null {
  const seen = new SeenInBatch();
  for (const [at, staged] of all.entries()) {
    const problem =
      checkIds(stream, staged, seen) ??
      checkSequences(stream, staged, at, seen) ??
      checkContent(stream, staged, now) ??
      checkRollup(stream, staged, at, seen) ??
      checkRoom(stream, staged, seen);
    if (problem !== null) return problem;
    seen.add(stream, staged);
  }
  return null;
}

/** What the batch would have changed up to here. */
class SeenInBatch {
  readonly ids = new Set<string>();
  readonly subjects = new Map<string, number>();
  count = 0;
  bytes = 0;

  add({ log }: BatchedInto, { message, headers }: StagedMessage): void {
    const id = headers.text(message.bytes as Buffer, MSG_ID);
    if (id !== '') this.ids.add(id);
    const subject = subjectOf(message);
    this.subjects.set(subject, (this.subjects.get(subject) ?? 0) + 1);
    this.count++;
    this.bytes += log.accounted(message);
  }

  hasMatching(pattern: string): boolean {
    if (this.subjects.has(pattern)) return true;
    const filters = new FilterSet([pattern]);
    return [...this.subjects.keys()].some((subject) => filters.matchesText(subject));
  }
}

function checkIds(
  { duplicates }: BatchedInto,
  { message, headers }: StagedMessage,
  seen: SeenInBatch,
): ApiError | null {
  if (headers.has(EXPECTED_LAST_MSG_ID)) return apiError(10177, { header: 'Nats-Expected-Last-Msg-Id' });
  const id = headers.text(message.bytes as Buffer, MSG_ID);
  return id !== '' && (seen.ids.has(id) || duplicates.find(id) !== 0) ? apiError(10201) : null;
}

function checkSequences(
  { log }: BatchedInto,
  { message, headers }: StagedMessage,
  at: number,
  seen: SeenInBatch,
): ApiError | null {
  const bytes = message.bytes as Buffer;
  if (headers.has(EXPECTED_LAST_SEQUENCE)) {
    if (at > 0) return apiError(10164);
    if (headers.number(bytes, EXPECTED_LAST_SEQUENCE) !== log.last) return apiError(10071, { seq: log.last });
  }
  const hasSubject = headers.has(EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT);
  if (!headers.has(EXPECTED_LAST_SUBJECT_SEQUENCE)) return hasSubject ? apiError(10193) : null;
  const pattern = hasSubject
    ? subjectFromText(headers.text(bytes, EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT))
    : subjectOf(message);
  if (seen.hasMatching(pattern)) return apiError(10164);
  const actual = log.previous(new FilterSet([pattern]), log.last);
  return headers.number(bytes, EXPECTED_LAST_SUBJECT_SEQUENCE) === actual ? null : apiError(10071, { seq: actual });
}

function checkContent(stream: BatchedInto, { message, headers }: StagedMessage, now: number): ApiError | null {
  const { config } = stream;
  const bytes = message.bytes as Buffer;
  const increment = checkIncrement(config.allowMsgCounter, message, bytes, headers);
  if (increment !== null) return increment;
  if (headers.has(EXPECTED_STREAM) && headers.text(bytes, EXPECTED_STREAM) !== config.name) return apiError(10060);
  if (headers.has(TTL)) {
    if (parseTtl(headers.text(bytes, TTL)) === null) return apiError(10165);
    if (!config.allowMsgTtl) return apiError(10166);
  }
  const schedule = checkSchedule(config, message, headers, now) ?? checkScheduler(stream, message, headers);
  if (schedule !== null) return schedule;
  if (headers.has(STREAM_SOURCE)) return apiError(10227);
  return message.bodyStart - message.headerStart > HEADER_BYTES_MAX ? apiError(10097) : null;
}

function checkRollup(
  { config }: BatchedInto,
  { message, headers }: StagedMessage,
  at: number,
  seen: SeenInBatch,
): ApiError | null {
  if (!headers.has(ROLLUP)) return null;
  if (!config.allowRollup || config.denyPurge) return apiError(10111, { err: 'rollup not permitted' });
  const value = headers.text(message.bytes as Buffer, ROLLUP).toLowerCase();
  if (value === 'sub') {
    return seen.subjects.has(subjectOf(message)) ? apiError(10111, { err: 'batch rollup sub invalid' }) : null;
  }
  if (value === 'all') return at > 0 ? apiError(10111, { err: 'batch rollup all invalid' }) : null;
  return apiError(10111, { err: `rollup value invalid: "${value}"` });
}

function checkRoom(
  { log, limits, config }: BatchedInto,
  { message, headers }: StagedMessage,
  seen: SeenInBatch,
): ApiError | null {
  if (!limits.discardsNew) return null;
  if (config.discardNewPerSubject && !headers.has(ROLLUP)) {
    const count = log.countOf(log.nodeOf(message)) + (seen.subjects.get(subjectOf(message)) ?? 0);
    if (count >= limits.maxMsgsPerSubject) return apiError(10077, { err: 'maximum messages per subject exceeded' });
  }
  if (log.count + seen.count >= limits.maxMsgs) return apiError(10077, { err: 'maximum messages exceeded' });
  const isOver = log.bytes + seen.bytes + log.accounted(message) > limits.maxBytes;
  return isOver ? apiError(10077, { err: 'maximum bytes exceeded' }) : null;
}
