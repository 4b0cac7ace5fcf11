/** Tokens of three parts with dots between: the user, the end of validity, and a signature over both. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Claims {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export function signToken(secret: string, { user, expiresAt }: Claims): string {
  const claims = `${Buffer.from(user).toString('base64url')}.${expiresAt}`;
  return `${claims}.${signatureOf(secret, claims).toString('base64url')}`;
}

/** Null unless the token was signed with the secret. Whether it is still good is for the caller to see. */
export function readToken(secret: string, token: string): Claims | null {
  const [user, expiresAt, signature, ...more] = token.split('.');
  if (user === undefined || expiresAt === undefined || signature === undefined || more.length > 0) return null;
  const expected = signatureOf(secret, `${user}.${expiresAt}`);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { user: Buffer.from(user, 'base64url').toString(), expiresAt: Number(expiresAt) };
}

function signatureOf(secret: string, claims: string): Buffer {
  return createHmac('sha256', secret).update(claims).digest();
}
