/**
 * What a message's header asks for, held against a stream, in the order in which a NATS server looks. Nothing is changed here. Null
 * where nothing speaks against the message.
 */
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
  type PublishHeaders,
  ROLLUP,
  STREAM_SOURCE,
  TTL,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { checkIncrement } from './counter.ts';
import type { MessageLog } from './message-log.ts';
import { checkSchedule, checkScheduler } from './schedule-rules.ts';

export interface PublishedTo {
  readonly config: StreamConfig;
  readonly log: MessageLog;
  readonly lastMsgId: string;
}

/** What is asked before the message is looked for among those that came lately. */
export function checkExpectations(
  stream: PublishedTo,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
  /** In milliseconds. */
  now: number,
): ApiError | null {
  const { config, log } = stream;
  const increment = checkIncrement(config.allowMsgCounter, message, bytes, headers);
  if (increment !== null) return increment;
  if (headers.has(EXPECTED_STREAM) && headers.text(bytes, EXPECTED_STREAM) !== config.name) return apiError(10060);
  if (headers.has(TTL) && !config.allowMsgTtl) {
    return parseTtl(headers.text(bytes, TTL)) === null ? apiError(10165) : apiError(10166);
  }
  const problem = checkSubjectSequence(stream, message, bytes, headers);
  if (problem !== null) return problem;
  if (headers.has(EXPECTED_LAST_SEQUENCE) && headers.number(bytes, EXPECTED_LAST_SEQUENCE) !== log.last) {
    return apiError(10071, { seq: log.last });
  }
  const schedule = checkSchedule(config, message, headers, now) ?? checkScheduler(stream, message, headers);
  if (schedule !== null) return schedule;
  return headers.has(STREAM_SOURCE) ? apiError(10227) : null;
}

/** What is asked of a message that is new. */
export function checkNew(stream: PublishedTo, bytes: Buffer, headers: PublishHeaders): ApiError | null {
  if (headers.has(EXPECTED_LAST_MSG_ID) && headers.text(bytes, EXPECTED_LAST_MSG_ID) !== stream.lastMsgId) {
    return apiError(10070, { id: stream.lastMsgId });
  }
  if (!headers.has(ROLLUP)) return null;
  if (!stream.config.allowRollup || stream.config.denyPurge) return apiError(10111, { err: 'rollup not permitted' });
  const value = headers.text(bytes, ROLLUP).toLowerCase();
  return value === 'sub' || value === 'all' ? null : apiError(10111, { err: `rollup value invalid: "${value}"` });
}

function checkSubjectSequence(
  { log }: PublishedTo,
  message: MessageBytes,
  bytes: Buffer,
  headers: PublishHeaders,
): ApiError | null {
  const hasSubject = headers.has(EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT);
  if (!headers.has(EXPECTED_LAST_SUBJECT_SEQUENCE)) return hasSubject ? apiError(10193) : null;
  const expected = headers.number(bytes, EXPECTED_LAST_SUBJECT_SEQUENCE);
  const actual = hasSubject
    ? lastMatching(log, headers.text(bytes, EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT))
    : log.lastOf(log.nodeOf(message));
  return expected === actual ? null : apiError(10071, { seq: actual });
}

function lastMatching(log: MessageLog, pattern: string): number {
  return log.previous(new FilterSet([subjectFromText(pattern)]), log.last);
}
