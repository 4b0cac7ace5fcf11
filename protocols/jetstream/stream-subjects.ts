/** Which subjects a stream may take, and how it may rename them. */
import { type ApiError, apiError, invalidConfig } from './api-error.ts';
import type { Draft, StreamSurroundings } from './stream-rules.ts';
import { SubjectPool } from './subject-pool.ts';
import { collide, isSubset, isValidSubject } from './subject-rules.ts';

/** What servers say to each other, and answers to API requests: acknowledging it would go on without end. */
const OF_SERVERS = ['$JS.>', '$JSC.>', '$NRG.>'];
const ADVISORIES = '$JS.EVENT.>';
const OF_SYSTEM = '$SYS.>';
const SYSTEM_ADVISORIES = '$SYS.ACCOUNT.>';

export function subjectRules(draft: Draft): ApiError | null {
  if (draft.subjects.length > 0) return listRule(draft);
  if (draft.mirror === null && draft.sources.length === 0) draft.subjects = [draft.name];
  return null;
}

function listRule(draft: Draft): ApiError | null {
  const seen = new SubjectPool();
  for (const subject of draft.subjects) {
    const problem = subjectRule(subject, draft, seen);
    if (problem !== null) return problem;
    seen.add(subject);
  }
  return null;
}

function subjectRule(subject: string, draft: Draft, seen: SubjectPool): ApiError | null {
  if (!isValidSubject(subject)) return invalidConfig('invalid subject');
  const other = seen.colliding(subject);
  if (other !== null) return invalidConfig(`subject "${other}" overlaps with "${subject}"`);
  if (subject === '>') {
    if (!draft.noAck) return invalidConfig('capturing all subjects requires no-ack to be true');
    if (draft.replicas > 1) return invalidConfig('capturing all subjects requires replicas of 1');
  }
  return draft.noAck ? null : acknowledgedRule(subject);
}

function acknowledgedRule(subject: string): ApiError | null {
  if (OF_SERVERS.some((reserved) => collide(subject, reserved)) && !isSubset(subject, ADVISORIES)) {
    return invalidConfig('subjects that overlap with jetstream api require no-ack to be true');
  }
  if (collide(subject, OF_SYSTEM) && !isSubset(subject, SYSTEM_ADVISORIES)) {
    return invalidConfig('subjects that overlap with system api require no-ack to be true');
  }
  return null;
}

export function transformRule({ subjectTransform }: Draft, { transformProblem }: StreamSurroundings): ApiError | null {
  if (subjectTransform === null) return null;
  const { src, dest } = subjectTransform;
  if (src !== '' && !isValidSubject(src)) return apiError(10155, { err: `invalid subject ${src}` });
  const problem = transformProblem(src, dest);
  return problem === null ? null : apiError(10156, { err: problem });
}
