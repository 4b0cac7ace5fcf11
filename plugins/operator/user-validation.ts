/** What makes the claims of a user unusable, whenever it is looked at. */
import { isValidSubject, subjectFromText } from '../../kernel/plugin-api.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import { admissionOf } from './admission.ts';

/** Null when nothing does. */
export function userProblemOf(claims: UserClaims): string | null {
  const { publish, subscribe } = claims.permissions;
  const admission = admissionOf(claims);
  if ('failure' in admission) return admission.failure;
  return (
    firstProblem([...publish.allow, ...publish.deny], false) ??
    firstProblem([...subscribe.allow, ...subscribe.deny], true)
  );
}

/** An entry for subscriptions may be `subject queue`. */
function firstProblem(entries: readonly string[], mayHaveQueue: boolean): string | null {
  for (const entry of entries) {
    const parts = mayHaveQueue ? entry.split(' ') : [entry];
    const isSound = parts.length <= 2 && parts.every((part) => isValidSubject(subjectFromText(part)));
    if (!isSound) return `permission subject ${JSON.stringify(entry)} is not valid`;
  }
  return null;
}
