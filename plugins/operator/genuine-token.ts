/** Tokens whose signature was checked. The computation runs on Node's thread pool. */
import { createHash, type KeyObject } from 'node:crypto';
import { isSigned, publicKeyOf } from '../../kernel/plugin-api.ts';
import type { Claims, ClaimsOf, ClaimsType } from '../../protocols/jwt/claims.ts';
import { decodeTokenOf, type Failure, signatureFailure, type Token } from '../../protocols/jwt/token.ts';

/** The claims of a genuine token of that type, or why it is none. */
export async function genuineClaims<Type extends ClaimsType>(
  type: Type,
  text: string,
  keys: KeyCache,
): Promise<ClaimsOf<Type> | Failure> {
  const token = decodeTokenOf(type, text);
  if ('failure' in token) return token;
  const isGenuine = await isSigned(token.signedText, keys.of(token.claims.issuer)!, token.signature);
  return isGenuine ? token.claims : { failure: signatureFailure(token as unknown as Token<Claims>) };
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
