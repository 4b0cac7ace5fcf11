/** The permissions of a token as the broker takes them. */
import {
  isValidSubject,
  type PermissionRules,
  type SubjectRules,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import type { PermissionClaims, ResponseClaims, SubjectClaims } from '../../../protocols/jwt/permission-claims.ts';

const NANOSECONDS = 1_000_000;
const RESPONSES_MAX = 1;
const RESPONSE_TTL_MS = 120_000;

export function rulesOf({ publish, subscribe, responses }: PermissionClaims): PermissionRules {
  return {
    publish: subjectRules(publish),
    subscribe: subjectRules(subscribe),
    responses: responses === null ? null : responseRule(responses),
  };
}

/** The first entry that is no pattern; undefined when all are. */
export function impossibleEntry({ publish, subscribe }: PermissionRules): string | undefined {
  const entries = [publish, subscribe].flatMap(({ allow, deny }) => [...(allow ?? []), ...deny]);
  return entries.find((entry) => !entry.split(' ').every(isValidSubject));
}

function subjectRules({ allow, deny, isClosed }: SubjectClaims): SubjectRules {
  return {
    allow: allow.length === 0 && isClosed !== true ? null : allow.map(subjectFromText),
    deny: deny.map(subjectFromText),
  };
}

/** 0 stands for the default, a negative number for no limit. */
function responseRule({ max, ttl }: ResponseClaims): NonNullable<PermissionRules['responses']> {
  return {
    max: max === 0 ? RESPONSES_MAX : max,
    ttlMs: ttl === 0 ? RESPONSE_TTL_MS : ttl < 0 ? -1 : ttl / NANOSECONDS,
  };
}
