/** Checks that the holder of a key signed a nonce. The computation runs on Node's thread pool. */
import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodePublicKey } from '../../protocols/nkeys/nkey-text.ts';

/** What stands before the 32 bytes of an Ed25519 key in its standard form (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const RAW_URL = /^[A-Za-z0-9_-]{86}$/;
const PADDED = /^[A-Za-z0-9+/]{86}==$/;

/** Null when the text is no public key. */
export function publicKeyOf(nkey: string): KeyObject | null {
  const decoded = decodePublicKey(nkey);
  if (decoded === null) return null;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, decoded.key]), format: 'der', type: 'spki' });
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
