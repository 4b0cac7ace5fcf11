/** What makes the claims of a user unusable, whenever it is looked at. */
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import { admissionOf } from './admission.ts';
import { permissionProblems } from './subject-validation.ts';

/** Null when nothing does. */
export function userProblemOf(claims: UserClaims): string | null {
  const admission = admissionOf(claims);
  if ('failure' in admission) return admission.failure;
  return permissionProblems(claims.permissions)[0] ?? null;
}
