/** A JSON Web Key Set as it came: what can check signatures is taken out of it, and nothing else. */
import { Buffer } from 'node:buffer';
import type { JSONWebKeySet, JWK } from 'jose';

const KINDS = new Set(['RSA', 'EC', 'OKP']);
const MEMBERS = ['kty', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'crv', 'x', 'y'] as const;

/** Throws an Error that ends a sentence which begins with where it came from. */
export function readKeySet(bytes: Uint8Array, keysMax: number): JSONWebKeySet {
  const keys = listIn(bytes);
  if (keys.length > keysMax) throw new Error(`has ${keys.length} keys, more than "max_keys" allows (${keysMax})`);
  const usable = keys.flatMap(publicPart);
  if (usable.length === 0) throw new Error('has no key that can check signatures');
  return { keys: usable };
}

function listIn(bytes: Uint8Array): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new Error('is no JSON');
  }
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('is no key set: it has no array "keys"');
  return keys;
}

/** A secret that is shared is no proof of who signed, and private parts are nobody's business here. */
function publicPart(key: unknown): JWK[] {
  if (typeof key !== 'object' || key === null) return [];
  const { kty, use } = key as JWK;
  if (typeof kty !== 'string' || !KINDS.has(kty) || (use !== undefined && use !== 'sig')) return [];
  const members = MEMBERS.filter((name) => Object.hasOwn(key, name)).map((name) => [name, (key as JWK)[name]]);
  return [Object.fromEntries(members) as JWK];
}

export function namesOf({ keys }: JSONWebKeySet): string {
  return keys.map(({ kid }) => (typeof kid === 'string' ? JSON.stringify(kid) : 'one without a name')).join(', ');
}
