/** Eight letters that stand for a longer name. */

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 8;

/** Makes the letters out of the SHA-256 of a name. */
export function shortHash(digest: Uint8Array): string {
  return Array.from(digest.subarray(0, LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

/** A name into its eight letters. */
export type NameHash = (name: string) => string;
