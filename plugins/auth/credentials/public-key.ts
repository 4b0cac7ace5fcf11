/** Public keys as a configuration names them. */
import { decodePublicKey, encodePublicKey } from '../../../protocols/nkeys/nkey-text.ts';

export interface PublicKey {
  /** One of `NkeyKind`. */
  readonly kind: number;
  readonly key: Uint8Array;
}

/** Null for what is no key, and for another way to write one: two texts must never stand for one user. */
export function readPublicKey(text: string): PublicKey | null {
  const decoded = decodePublicKey(text);
  return decoded !== null && encodePublicKey(decoded.kind, decoded.key) === text ? decoded : null;
}
