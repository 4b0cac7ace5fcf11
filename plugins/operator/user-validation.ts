/** What makes the claims of a user unusable. */
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import { timeProblemOf } from './account-validation.ts';
import { unreadableAdmission } from './admission.ts';

/** Null when nothing does. Seconds. */
export function userProblemOf(claims: UserClaims, now: number): string | null {
  return timeProblemOf(claims, now) ?? unreadableAdmission(claims);
}
