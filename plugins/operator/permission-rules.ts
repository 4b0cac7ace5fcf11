/** Permissions of tokens, made into the broker's. */
import { type PermissionRules, type SubjectRules, subjectFromText } from '../../kernel/plugin-api.ts';
import type { PermissionClaims, ResponseClaims, SubjectClaims } from '../../protocols/jwt/permission-claims.ts';

const NANOSECONDS = 1e6;
const RESPONSES_MAX = 1;
const RESPONSE_TTL_MS = 120_000;

export function rulesOf({ publish, subscribe, responses }: PermissionClaims): PermissionRules {
  const published = subjectRules(publish);
  return {
    // Who may answer requests may publish nothing else, unless it is said.
    publish: responses !== null && published.allow === null ? { ...published, allow: [] } : published,
    subscribe: subjectRules(subscribe),
    responses: responses && allowance(responses),
  };
}

/** An empty list is no list, unless it is one of what may be published beside denials. */
function subjectRules({ allow, deny, isClosed }: SubjectClaims): SubjectRules {
  const isOpen = allow.length === 0 && isClosed !== true;
  return { allow: isOpen ? null : allow.map(subjectFromText), deny: deny.map(subjectFromText) };
}

/** 0 stands for what is usual, a negative number for no limit. */
function allowance({ max, ttl }: ResponseClaims): PermissionRules['responses'] {
  return { max: max === 0 ? RESPONSES_MAX : max, ttlMs: ttl === 0 ? RESPONSE_TTL_MS : ttl / NANOSECONDS };
}
