import type { Random } from '../../../kernel/plugin-api.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Bytes from here on would make the first letters more frequent than the others. */
const FAIR_MAX = 256 - (256 % LETTERS.length);

/** A token of subjects that cannot be guessed. */
export function randomLetters(random: Random, count: number): string {
  let text = '';
  while (text.length < count) {
    for (const byte of random.bytes(count)) {
      if (byte < FAIR_MAX && text.length < count) text += LETTERS[byte % LETTERS.length];
    }
  }
  return text;
}
