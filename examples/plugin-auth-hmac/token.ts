/** Tokens of four parts with dots between: the user, its role, the end of validity, and a signature over all three. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Claims {
  readonly user: string;
  /** One of those that the broker's configuration knows. */
  readonly role: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export function signToken(secret: string, { user, role, expiresAt }: Claims): string {
  const claims = `${encoded(user)}.${encoded(role)}.${expiresAt}`;
  return `${claims}.${signatureOf(secret, claims).toString('base64url')}`;
}

/** Null unless the token was signed with the secret. Whether it is still good is for the caller to see. */
export function readToken(secret: string, token: string): Claims | null {
  const end = token.lastIndexOf('.');
  const claims = token.slice(0, Math.max(end, 0));
  const expected = signatureOf(secret, claims);
  const given = Buffer.from(token.slice(end + 1), 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const [user = '', role = '', expiresAt] = claims.split('.');
  return { user: decoded(user), role: decoded(role), expiresAt: Number(expiresAt) };
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}

function signatureOf(secret: string, claims: string): Buffer {
  return createHmac('sha256', secret).update(claims).digest();
}
