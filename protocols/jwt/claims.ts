/** What any token says, whatever it is about. */
import type { AccountClaims } from './account-claims.ts';
import type { ActivationClaims } from './activation-claims.ts';
import type { AuthorizationRequestClaims, AuthorizationResponseClaims } from './authorization-claims.ts';
import type { MemberReader } from './member-reader.ts';
import type { OperatorClaims } from './operator-claims.ts';
import type { UserClaims } from './user-claims.ts';

export interface StandardClaims {
  /** Who it is about: a public key. */
  readonly subject: string;
  /** Who signed it: a public key. */
  readonly issuer: string;
  readonly name: string;
  readonly audience: string;
  readonly id: string;
  /** Seconds since 1970; 0 where there is none. The same for the next two. */
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** As they stand there: the tools of NATS write them in lower case. */
  readonly tags: readonly string[];
  readonly version: number;
}

/** Of no type that is known here: what it says is up to its reader. */
export interface GenericClaims extends StandardClaims {
  readonly type: 'generic';
  /** As it was written; empty for none. */
  readonly writtenType: string;
  readonly nats: MemberReader;
}

export type Claims =
  | OperatorClaims
  | AccountClaims
  | UserClaims
  | ActivationClaims
  | AuthorizationRequestClaims
  | AuthorizationResponseClaims
  | GenericClaims;

export type ClaimsType = Claims['type'];
export type ClaimsOf<Type extends ClaimsType> = Extract<Claims, { type: Type }>;

/** Negative in claims means that there is no limit; what is left out counts as 0. */
export const NO_LIMIT = -1;

export function readStandard(payload: MemberReader, nats: MemberReader, version: number): StandardClaims {
  return {
    subject: payload.text('sub'),
    issuer: payload.text('iss'),
    name: payload.text('name'),
    audience: payload.text('aud'),
    id: payload.text('jti'),
    issuedAt: payload.integer('iat'),
    notBefore: payload.integer('nbf'),
    expiresAt: payload.integer('exp'),
    tags: (version < 2 ? payload : nats).texts('tags'),
    version,
  };
}
