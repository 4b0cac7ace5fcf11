/** What a token says of itself. Nothing of this is proven: it only tells whose token it claims to be. */
import { Buffer } from 'node:buffer';
import type { ClientOptions } from '../../../kernel/plugin-api.ts';

export interface TokenHead {
  readonly issuer: string;
  /** Empty where there is none. */
  readonly kid: string;
  readonly algorithm: string;
}

export const TOKEN_FIELDS = ['jwt', 'auth_token', 'pass'] as const satisfies (keyof ClientOptions)[];
export type TokenField = (typeof TOKEN_FIELDS)[number];

const HEADER_CHARACTERS_MAX = 4096;
/** Tokens of NATS servers look like others from outside. */
const NATS_ALGORITHM = 'ed25519-nkey';

/** Null for what is no token. One that was cut off, or is not signed, still says whose it is. */
export function readTokenHead(token: string): TokenHead | null {
  const [header = '', payload] = token.split('.', 2);
  if (payload === undefined) return null;
  const issuer = decoded(payload)?.iss;
  if (typeof issuer !== 'string') return null;
  const { kid, alg } = decoded(header) ?? {};
  return { issuer, kid: typeof kid === 'string' ? kid : '', algorithm: typeof alg === 'string' ? alg : '' };
}

/** For what is too long to be looked at as a whole. */
export function looksLikeToken(text: string): boolean {
  const end = text.indexOf('.');
  if (end < 0 || end > HEADER_CHARACTERS_MAX) return false;
  const algorithm = decoded(text.slice(0, end))?.alg;
  return typeof algorithm === 'string' && algorithm !== NATS_ALGORITHM;
}

function decoded(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
