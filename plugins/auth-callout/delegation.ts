/** One login that is left to a service: where the service is, who the client says it is, and by what rules the answer counts. */
import { type Account, type Identity, quotedText } from '../../kernel/plugin-api.ts';
import type { Token } from '../../protocols/jwt/token.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import type { Credentials } from '../auth/contract.ts';

export interface Failure {
  /** For the log. */
  readonly failure: string;
}

/** As whom the client tries to log in, as the service is told. */
export interface Claimant {
  readonly user: string;
  /** What is told of CONNECT. */
  readonly credentials: Credentials;
  /** Of the token the client showed; empty without one. */
  readonly name: string;
  readonly tags: readonly string[];
}

export interface Delegation {
  /** Where the service listens. */
  readonly account: Account;
  /** Whose answer is expected: a public key. */
  readonly issuer: string;
  /** What requests are sealed to; empty for none. */
  readonly xkey: string;
  readonly pendingMax: number;
  readonly claimant: Claimant;
  /** Whether the key may sign answers that are not sealed. */
  mayAnswer(signingKey: string): Promise<boolean>;
  /** Who the client is, by a user token whose signature and subject are right. */
  identify(token: Token<UserClaims>, tokenText: string): Promise<Identity | Failure>;
}

/** How the claimant is shown: a name, or a key, but no secret. */
export function shownUser({ nkey, user, auth_token: token }: Credentials): string {
  if (nkey !== '') return nkey;
  if (user !== '') return user;
  return token === '' ? '' : '[REDACTED]';
}

export function missingAccount(name: string): string {
  return `No valid account ${quotedText(name)} for auth callout request: account missing`;
}
