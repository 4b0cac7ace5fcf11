/** A user with a key: made from one repeated byte, so that failures look the same each time. */
import { Buffer } from 'node:buffer';
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

/** What stands before the 32 bytes of a seed in its standard form. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export class Signer {
  readonly nkey: string;
  readonly #key: KeyObject;

  constructor(seedByte: number) {
    const seed = Buffer.alloc(32, seedByte);
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.nkey = encodePublicKey(NkeyKind.user, spki.subarray(-32));
  }

  sign(nonce: string): string {
    return sign(null, Buffer.from(nonce), this.#key).toString('base64url');
  }

  signPadded(nonce: string): string {
    return sign(null, Buffer.from(nonce), this.#key).toString('base64');
  }
}
