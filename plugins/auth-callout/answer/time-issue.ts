import type { StandardClaims } from '../../../protocols/jwt/claims.ts';

/** Whether a token counts at this moment, in milliseconds. */
export function timeIssue({ expiresAt, notBefore }: StandardClaims, now: number): string | null {
  const seconds = Math.floor(now / 1000);
  if (expiresAt > 0 && seconds > expiresAt) return 'claim is expired';
  return notBefore > 0 && notBefore > seconds ? 'claim is not yet valid' : null;
}
