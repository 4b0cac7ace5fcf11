/** Looking at streams. */
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import { apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  clampOffset,
  LIST_PAGE,
  NAMES_PAGE,
  printReply,
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
import type { StreamAccount } from '../account/stream-account.ts';
import type { Stream } from '../stream/stream.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { factsOf } from './stream-facts.ts';
import { NO_SUBJECTS, pageOfSubjects, type SubjectPage } from './subject-page.ts';

export async function streamInformation({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeOptional(body, streamInfoRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const { subjectsFilter, offset, deletedDetails } = request;
  const page =
    subjectsFilter === '' ? NO_SUBJECTS : await pageOfSubjects(stream, subjectFromText(subjectsFilter), offset);
  await stream.log.learnFirstTime();
  return informationOf(stream, deletedDetails, page);
}

/** Stands for subjects that are printed already. */
const PLACE = new Map([['subjects', 0]]);
const PLACE_TEXT = '"subjects":{"subjects":0}';

function informationOf(stream: Stream, hasDeleted: boolean, page: SubjectPage): string {
  const { total, offset, limit, text } = page;
  const facts = factsOf(stream, { isStamped: true, hasDomain: true, hasLeader: true });
  const subjects = text === '' || text === '{}' ? page.subjects : PLACE;
  const state = { ...facts.state, subjects, deleted: hasDeleted ? stream.log.deleted() : [] };
  const answer = printReply('STREAM.INFO', streamInfoReply, { ...facts, state, total, offset, limit });
  if (subjects !== PLACE) return answer;
  const at = answer.lastIndexOf(PLACE_TEXT);
  return `${answer.slice(0, at)}"subjects":${text}${answer.slice(at + PLACE_TEXT.length)}`;
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
