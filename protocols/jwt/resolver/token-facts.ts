/** The little a store has to know of a token, without the cost of reading all its claims. Nothing is verified. */
import { Buffer } from 'node:buffer';

export interface TokenFacts {
  readonly subject: string;
  /** Seconds since 1970; 0 where there is none. The same for the next. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Null for what is no token. */
export function tokenFacts(token: string): TokenFacts | null {
  const chunks = token.split('.');
  if (chunks.length !== 3) return null;
  try {
    const { sub, iat = 0, exp = 0 } = JSON.parse(Buffer.from(chunks[1]!, 'base64url').toString()) as Payload;
    if (typeof sub !== 'string' || !Number.isInteger(iat) || !Number.isInteger(exp)) return null;
    return { subject: sub, issuedAt: iat as number, expiresAt: exp as number };
  } catch {
    return null;
  }
}

interface Payload {
  sub?: unknown;
  iat?: unknown;
  exp?: unknown;
}
