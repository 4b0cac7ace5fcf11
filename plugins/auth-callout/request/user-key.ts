/** The key that one answer has to be about. Nobody ever signs with it: what was private of it is forgotten at once. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Random } from '../../../kernel/plugin-api.ts';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

/** PKCS #8 around a 32-byte Ed25519 key. */
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_BYTES = 32;

export function freshUserKey(random: Random): string {
  const key = Buffer.concat([PREFIX, random.bytes(KEY_BYTES)]);
  const publicKey = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return encodePublicKey(NkeyKind.user, publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES));
}
