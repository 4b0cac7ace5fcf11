/** A token somebody pushed: read as far as it can be without checking its signature. */
import type { AccountClaims } from '../account-claims.ts';
import { decodeToken, type Failure, type Token } from '../token.ts';

export function readPushedToken(text: string): Token<AccountClaims> | Failure {
  const token = decodeToken(text);
  if ('failure' in token) return token;
  return token.claims.type === 'account' ? (token as Token<AccountClaims>) : { failure: 'not account claim' };
}

export const WRONG_SUBJECT = 'subject does not match jwt content';

/** What is wrong with a token that was pushed for this account; null for nothing. */
export function mismatch({ claims }: Token<AccountClaims>, accountKey: string): string | null {
  return accountKey === '' || claims.subject === accountKey ? null : WRONG_SUBJECT;
}
