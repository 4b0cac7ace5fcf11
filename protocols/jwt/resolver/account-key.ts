/** Which names are keys of accounts: files and subjects are named after them, and nothing else may be. */
import { decodePublicKey, NkeyKind } from '../../nkeys/nkey-text.ts';

const SHAPE = /^A[A-Z2-7]{55}$/;

export function isAccountKey(text: string): boolean {
  // The shape first: most of what is no key is found out without computing a checksum.
  return SHAPE.test(text) && decodePublicKey(text)?.kind === NkeyKind.account;
}
