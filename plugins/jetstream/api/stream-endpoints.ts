/** Looking at streams. */
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import { apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  clampOffset,
  LIST_PAGE,
  NAMES_PAGE,
  printReply,
  SUBJECTS_PAGE,
  streamInfoReply,
  streamListReply,
  streamNamesReply,
} from '../../../protocols/jetstream/replies.ts';
import {
  decodeOptional,
  streamInfoRequest,
  streamListRequest,
  streamNamesRequest,
} from '../../../protocols/jetstream/requests.ts';
import { collide } from '../../../protocols/jetstream/subject-rules.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Stream } from '../stream/stream.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { factsOf, subjectCounts } from './stream-facts.ts';

export async function streamInformation({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeOptional(body, streamInfoRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  await stream.log.learnFirstTime();
  const facts = factsOf(stream, { isStamped: true, hasDomain: true, hasLeader: true });
  const page = request.subjectsFilter === '' ? NO_SUBJECTS : pageOfSubjects(stream, request);
  const deleted = request.deletedDetails ? stream.log.deleted() : [];
  const state = { ...facts.state, subjects: page.subjects, deleted };
  const { total, offset, limit } = page;
  return printReply('STREAM.INFO', streamInfoReply, { ...facts, state, total, offset, limit });
}

interface SubjectPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly subjects: ReadonlyMap<string, number>;
}

const NO_SUBJECTS: SubjectPage = { total: 0, offset: 0, limit: 0, subjects: new Map() };

function pageOfSubjects(stream: Stream, request: { subjectsFilter: string; offset: number }): SubjectPage {
  const all = subjectCounts(stream, new FilterSet([subjectFromText(request.subjectsFilter)]));
  if (all.size === 0) return NO_SUBJECTS;
  const offset = Math.max(0, request.offset);
  const isWhole = offset === 0 && all.size <= SUBJECTS_PAGE;
  const subjects = isWhole ? all : new Map([...all].sort(bySubject).slice(offset, offset + SUBJECTS_PAGE));
  return { total: all.size, offset, limit: SUBJECTS_PAGE, subjects };
}

function bySubject([left]: readonly [string, number], [right]: readonly [string, number]): number {
  return left < right ? -1 : 1;
}

export function streamNames({ body, of }: ApiCall): Answer {
  const request = decodeOptional(body, streamNamesRequest, of.of.isStrict);
  if ('number' in request) return request;
  const names = matching(of, request.subject).map(({ name }) => name);
  const total = names.length;
  const offset = clampOffset(request.offset, total);
  const streams = names.slice(offset, offset + NAMES_PAGE);
  return printReply('STREAM.NAMES', streamNamesReply, { total, offset, limit: NAMES_PAGE, streams });
}

export async function streamList({ body, of }: ApiCall): Promise<Answer> {
  const request = decodeOptional(body, streamListRequest, of.of.isStrict);
  if ('number' in request) return request;
  const found = matching(of, request.subject);
  const offset = clampOffset(request.offset, found.length);
  const shown = found.slice(offset, offset + LIST_PAGE);
  for (const { log } of shown) await log.learnFirstTime();
  const streams = shown.map((stream) => factsOf(stream, { isStamped: false, hasDomain: true, hasLeader: false }));
  const page = { ...streamListReply.zero(), total: found.length, offset, limit: LIST_PAGE };
  return printReply('STREAM.LIST', streamListReply, { ...page, streams });
}

function matching(of: StreamAccount, subject: string): Stream[] {
  const all = of.sorted();
  if (subject === '') return all;
  return all.filter(({ config }) => config.subjects.some((own) => collide(own, subject)));
}
