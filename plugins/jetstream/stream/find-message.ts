/** The one message that somebody asks for. */
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import type { MessageGetRequest } from '../../../protocols/jetstream/requests.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from './message-log.ts';
import { momentOf } from './moment.ts';

/** Borrowed; null when there is none. */
export function findMessage(log: MessageLog, request: MessageGetRequest): StoredRecord | null {
  const { sequence, lastFor, nextFor, startTime } = request;
  if (lastFor !== '') return readAt(log, log.previous(filterOf(lastFor), log.last));
  const start = startTime === null ? Number(sequence) : log.at(momentOf(startTime.nanos));
  if (nextFor !== '') return readAt(log, log.next(filterOf(nextFor), start));
  return readAt(log, startTime === null ? start : log.firstFrom(start));
}

function readAt(log: MessageLog, seq: number): StoredRecord | null {
  return seq === 0 || seq === Number.POSITIVE_INFINITY ? null : log.read(seq);
}

function filterOf(subject: string): FilterSet {
  return new FilterSet([subjectFromText(subject)]);
}
