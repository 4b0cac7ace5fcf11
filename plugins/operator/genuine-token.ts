/** Tokens whose signature was checked. The computation runs on Node's thread pool. */
import { createHash, type KeyObject } from 'node:crypto';
import { isSigned, publicKeyOf } from '../../kernel/plugin-api.ts';
import type { ClaimsOf, ClaimsType } from '../../protocols/jwt/claims.ts';
import { type Failure, type Outline, openTokenOf, signatureFailure } from '../../protocols/jwt/token.ts';

/** Looks at a genuine token before its claims are read. Null, or why they are not to be. */
export type Doorkeeper<Reason extends Failure> = (outline: Outline) => Promise<Reason | null>;

/** The claims of a genuine token of that type, or why it is none. */
export async function genuineClaims<Type extends ClaimsType, Reason extends Failure = Failure>(
  type: Type,
  text: string,
  keys: KeyCache,
  doorkeeper?: Doorkeeper<Reason>,
): Promise<ClaimsOf<Type> | Failure | Reason> {
  const token = openTokenOf(type, text);
  if ('failure' in token) return token;
  const { outline, signedText, signature } = token;
  const isGenuine = await isSigned(signedText, keys.of(outline.issuer)!, signature);
  if (!isGenuine) return { failure: signatureFailure({ claims: outline }) };
  return (await doorkeeper?.(outline)) ?? token.readClaims();
}

/** A token under which things are remembered: short, and it gives nothing away. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** Keys of issuers, who are few and sign much. The oldest are forgotten. */
export class KeyCache {
  private readonly keys = new Map<string, KeyObject>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  /** Null when the text is no public key. */
  of(nkey: string): KeyObject | null {
    const known = this.keys.get(nkey);
    if (known !== undefined) return known;
    const key = publicKeyOf(nkey);
    if (key === null) return null;
    if (this.keys.size >= this.max) this.keys.delete(this.keys.keys().next().value!);
    this.keys.set(nkey, key);
    return key;
  }
}
