/** What a message that is to be sent later has to say, and what is made of it when its time comes. */
import type { Buffer } from 'node:buffer';
import { isSubset, isValidLiteral, subjectFromText } from '../../../kernel/plugin-api.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { fieldOf, type HeaderFields, withFields, withoutFields } from '../../../protocols/jetstream/message-header.ts';
import { parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import {
  type PublishHeaders,
  ROLLUP,
  SCHEDULE,
  SCHEDULE_NEXT,
  SCHEDULE_ROLLUP,
  SCHEDULE_SOURCE,
  SCHEDULE_TARGET,
  SCHEDULE_TIME_ZONE,
  SCHEDULE_TTL,
  SCHEDULER,
} from '../../../protocols/jetstream/publish-headers.ts';
import { firstDue, parseSchedule, type Schedule } from '../../../protocols/jetstream/schedule.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes, StoredRecord } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import { subjectOf, withContent } from './subject-change.ts';

export const PURGE = 'purge';

/** What speaks against the headers of schedules; null where nothing does. */
export function checkSchedule(
  config: StreamConfig,
  message: MessageBytes,
  headers: PublishHeaders,
  now: number,
): ApiError | null {
  if (!headers.has(SCHEDULE)) return null;
  if (!config.allowMsgSchedules) return apiError(10188);
  const bytes = message.bytes as Buffer;
  const zone = headers.has(SCHEDULE_TIME_ZONE) ? headers.text(bytes, SCHEDULE_TIME_ZONE) : null;
  const schedule = parseSchedule(headers.text(bytes, SCHEDULE), zone);
  if (typeof schedule === 'string') return apiError(schedule === 'zone' ? 10223 : 10189);
  if (firstDue(schedule, now) === null) return apiError(10189);
  return checkGenerated(config, message, headers);
}

function checkGenerated(config: StreamConfig, message: MessageBytes, headers: PublishHeaders): ApiError | null {
  const bytes = message.bytes as Buffer;
  if (headers.has(SCHEDULE_TTL)) {
    if (parseTtl(headers.text(bytes, SCHEDULE_TTL)) === null) return apiError(10191);
    if (!config.allowMsgTtl) return apiError(10166);
  }
  if (headers.has(SCHEDULE_ROLLUP) && headers.text(bytes, SCHEDULE_ROLLUP).toLowerCase() !== 'sub')
    return apiError(10192);
  if (headers.has(ROLLUP) && headers.text(bytes, ROLLUP).toLowerCase() !== 'sub') return apiError(10192);
  const own = subjectOf(message);
  const target = subjectFromText(headers.text(bytes, SCHEDULE_TARGET));
  if (!isTaken(config, target) || target === own) return apiError(10190);
  if (!headers.has(SCHEDULE_SOURCE)) return null;
  const source = subjectFromText(headers.text(bytes, SCHEDULE_SOURCE));
  return !isTaken(config, source) || source === own || source === target ? apiError(10203) : null;
}

function isTaken({ subjects }: StreamConfig, subject: string): boolean {
  return isValidLiteral(subject) && subjects.some((pattern) => isSubset(subject, subjectFromText(pattern)));
}

/** Who ends a schedule by hand says which. */
export function checkScheduler(
  { config, log }: { readonly config: StreamConfig; readonly log: MessageLog },
  message: MessageBytes,
  headers: PublishHeaders,
): ApiError | null {
  const hasNext = headers.has(SCHEDULE_NEXT);
  if (!hasNext && !headers.has(SCHEDULER)) return null;
  if (!hasNext || !headers.has(SCHEDULER)) return apiError(10212);
  if (!config.allowMsgSchedules) return apiError(10188);
  const bytes = message.bytes as Buffer;
  if (headers.text(bytes, SCHEDULE_NEXT) !== PURGE) return apiError(10212);
  const scheduler = subjectFromText(headers.text(bytes, SCHEDULER));
  if (!isValidLiteral(scheduler) || scheduler === subjectOf(message)) return apiError(10212);
  const last = log.read(log.records.subjectState(scheduler).last);
  return last === null || scheduleOf(last) !== null ? null : apiError(10212);
}

/** A schedule takes the place of the one before it on its subject. */
export function asSchedule(message: MessageBytes, headers: PublishHeaders): MessageBytes {
  if (headers.has(ROLLUP)) return message;
  const { bytes, headerStart, bodyStart, bodyEnd } = message;
  const header = withFields(bytes.subarray(headerStart, bodyStart), [['Nats-Rollup', 'sub']]);
  return withContent(message, header, bytes.subarray(bodyStart, bodyEnd));
}

/** Null for messages that are no schedule. */
export function scheduleOf({ bytes, headerStart, bodyStart }: StoredRecord): Schedule | null {
  const header = bytes.subarray(headerStart, bodyStart);
  const pattern = fieldOf(header, 'Nats-Schedule');
  if (pattern === null) return null;
  const schedule = parseSchedule(pattern, fieldOf(header, 'Nats-Schedule-Time-Zone'));
  return typeof schedule === 'string' ? null : schedule;
}

/** Where a schedule's messages go, and what they are made of; empty where it takes its own. */
export function routeOf({ bytes, headerStart, bodyStart }: StoredRecord): { target: string; source: string } {
  const header = bytes.subarray(headerStart, bodyStart);
  return {
    target: subjectFromText(fieldOf(header, 'Nats-Schedule-Target') ?? ''),
    source: subjectFromText(fieldOf(header, 'Nats-Schedule-Source') ?? ''),
  };
}

/** What a schedule's message carries beside what it is made of. `next` is the next time, or that there is none. */
export function generatedFields(
  { bytes, headerStart, bodyStart }: StoredRecord,
  subject: string,
  next: string,
): HeaderFields {
  const header = bytes.subarray(headerStart, bodyStart);
  const ttl = fieldOf(header, 'Nats-Schedule-TTL');
  const rollup = fieldOf(header, 'Nats-Schedule-Rollup');
  return [
    ['Nats-Scheduler', subject],
    ['Nats-Schedule-Next', next],
    ...(ttl === null ? [] : [['Nats-TTL', ttl] as const]),
    ...(rollup === null ? [] : [['Nats-Rollup', rollup] as const]),
  ];
}

const LEFT_OUT = new Set(['Nats-Scheduler', 'Nats-Msg-Id', 'Nats-TTL', 'Nats-Rollup']);

/** The header and payload of a record without what was only said of it. */
export function generatedFrom(record: StoredRecord, fields: HeaderFields): { header: Buffer; body: Uint8Array } {
  const kept = withoutFields(
    record.bytes.subarray(record.headerStart, record.bodyStart),
    (name) => LEFT_OUT.has(name) || name.startsWith('Nats-Schedule') || name.startsWith('Nats-Expected-'),
  );
  return { header: withFields(kept, fields), body: record.bytes.slice(record.bodyStart, record.bodyEnd) };
}
