/** Who this broker is: an Ed25519 key for its name and signatures, an X25519 key for what is sealed for it. New at each start. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encodePublicKey, NkeyKind } from '../protocols/nkeys/nkey-text.ts';
import type { Random } from './ports/ports.ts';

/** PKCS #8 around a 32-byte Ed25519 or X25519 key. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const X25519_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEY_BYTES = 32;

export class ServerIdentity {
  /** `N…`, 56 characters. */
  readonly id: string;
  /** `X…` */
  readonly xkey: string;
  readonly curvePrivateKey: KeyObject;
  private readonly signingKey: KeyObject;

  constructor(random: Random) {
    this.signingKey = privateKey(ED25519_PREFIX, random);
    this.curvePrivateKey = privateKey(X25519_PREFIX, random);
    this.id = encodePublicKey(NkeyKind.server, publicBytes(this.signingKey));
    this.xkey = encodePublicKey(NkeyKind.curve, publicBytes(this.curvePrivateKey));
  }

  sign(bytes: Uint8Array): Uint8Array {
    return sign(null, bytes, this.signingKey);
  }
}

function privateKey(prefix: Buffer, random: Random): KeyObject {
  const der = Buffer.concat([prefix, random.bytes(KEY_BYTES)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicBytes(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
}
