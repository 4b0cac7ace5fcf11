import type { Random } from '../../../kernel/plugin-api.ts';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

const KEY_BYTES = 32;

/**
 * The key that one answer has to be about. Nobody ever signs with it, so it needs no private half: it is a name that cannot be
 * guessed. To compute a pair would cost a login more than all the rest.
 */
export function freshUserKey(random: Random): string {
  return encodePublicKey(NkeyKind.user, random.bytes(KEY_BYTES));
}
