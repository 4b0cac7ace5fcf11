/** What is wrong with the claims of an answer, in the words of a NATS server: the first thing found. */
import type { AuthorizationResponseClaims } from '../../../protocols/jwt/authorization-claims.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import { timeIssue } from './time-issue.ts';

export function responseIssue(claims: AuthorizationResponseClaims, now: number): string | null {
  const { subject, audience, error, userToken, issuerAccount } = claims;
  if (!isKey(subject, NkeyKind.user)) return 'Subject must be a user public key';
  if (!isKey(audience, NkeyKind.server)) return 'Audience must be a server public key';
  if (error === '' && userToken === '') return 'Error or Jwt is required';
  if (error !== '' && userToken !== '') return 'Only Error or Jwt can be set';
  if (issuerAccount !== '' && !isKey(issuerAccount, NkeyKind.account)) {
    return 'issuer_account is not an account public key';
  }
  return timeIssue(claims, now);
}

function isKey(text: string, kind: number): boolean {
  return decodePublicKey(text)?.kind === kind;
}
