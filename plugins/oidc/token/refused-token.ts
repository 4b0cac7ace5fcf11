/** Why a token is refused, for the log: the check that failed, and never what the token holds. */
import type { JWTPayload, JWTVerifyOptions } from 'jose';

/** Its message ends a sentence that begins with the token. */
export class RefusedToken extends Error {}

interface JoseFailure extends Error {
  readonly code?: string;
  readonly claim?: string;
  readonly reason?: string;
}

const WORDS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JOSE_NOT_SUPPORTED: 'it asks for something that is not supported',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
  ERR_JWS_INVALID: 'it is damaged',
  ERR_JWT_INVALID: 'it is damaged',
  ERR_JWKS_NO_MATCHING_KEY: 'the provider has no such key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'it names no key, and several fit',
};

const CLAIM_WORDS: Readonly<Record<string, string>> = {
  aud: 'it is for somebody else, by its "aud"',
  iss: 'it is of another issuer, by its "iss"',
  nbf: 'it is not valid yet, by its "nbf"',
};

export function wordsOf(error: JoseFailure): string {
  const { code = '', claim = '', reason } = error;
  if (code !== 'ERR_JWT_CLAIM_VALIDATION_FAILED') return WORDS[code] ?? `it could not be checked: ${error.message}`;
  if (reason === 'missing') return `it has no ${JSON.stringify(claim)}`;
  if (reason === 'invalid') return `its ${JSON.stringify(claim)} is no moment`;
  return CLAIM_WORDS[claim] ?? `its ${JSON.stringify(claim)} is wrong`;
}

export interface Expectations {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly authorizedParties: readonly string[];
  readonly tokenTypes: readonly string[];
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  readonly tokenAgeMaxMs: number;
}

/** What jose sees to. */
export function joseOptions(expected: Expectations, now: number): JWTVerifyOptions {
  const { issuer, audience, algorithms, clockSkewMs } = expected;
  return {
    issuer,
    audience: [...audience],
    algorithms: [...algorithms],
    clockTolerance: clockSkewMs / 1000,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
  };
}

/** And what it leaves to us. Throws a RefusedToken. */
export function checkTheRest(typ: unknown, { iat, azp }: JWTPayload, expected: Expectations, now: number): void {
  const { authorizedParties, tokenTypes, clockSkewMs, tokenAgeMaxMs } = expected;
  if (typ !== undefined && tokenTypes.length > 0 && !isAmong(typ, tokenTypes)) {
    throw new RefusedToken('it is a token for another use, by its "typ"');
  }
  if (authorizedParties.length > 0 && !authorizedParties.includes(azp as string)) {
    throw new RefusedToken('it was given to somebody else, by its "azp"');
  }
  if (iat !== undefined && iat * 1000 > now + clockSkewMs) {
    throw new RefusedToken('it was issued in the future, by its "iat"');
  }
  if (tokenAgeMaxMs === 0) return;
  if (iat === undefined) throw new RefusedToken('it has no "iat"');
  if (iat * 1000 + tokenAgeMaxMs <= now - clockSkewMs) throw new RefusedToken('it is older than "max_token_age"');
}

function isAmong(typ: unknown, tokenTypes: readonly string[]): boolean {
  return typeof typ === 'string' && tokenTypes.includes(typ.toLowerCase().replace(/^application\//, ''));
}
