/** Checks that the holder of a key signed a nonce. The computation runs on Node's thread pool. */
import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodePublicKey } from '../../protocols/nkeys/nkey-text.ts';

const RAW_URL = /^[A-Za-z0-9_-]{86}$/;
const PADDED = /^[A-Za-z0-9+/]{86}==$/;

/** Null when the text is no public key. */
export function publicKeyOf(nkey: string): KeyObject | null {
  const decoded = decodePublicKey(nkey);
  if (decoded === null) return null;
  // Ten times faster than the key in its standard form (RFC 8410), which Node has OpenSSL search for a decoder.
  const x = Buffer.from(decoded.key).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** 64 bytes, written as raw base64url or, if allowed, as padded base64. */
export function decodeSignature(text: string, mayBePadded: boolean): Buffer | null {
  if (RAW_URL.test(text)) return Buffer.from(text, 'base64url');
  return mayBePadded && PADDED.test(text) ? Buffer.from(text, 'base64') : null;
}

/** The text itself is signed, not what it decodes to. */
export function isSigned(nonce: string, key: KeyObject, signature: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    verify(null, Buffer.from(nonce, 'ascii'), key, signature, (error, isRight) => resolve(error === null && isRight));
  });
}
