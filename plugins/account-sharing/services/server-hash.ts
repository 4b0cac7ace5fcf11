/** Short for the name of a server: all servers of a cluster make the same of it. */
import { createHash } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const HASH_LENGTH = 8;

export function serverHash(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, HASH_LENGTH);
  return Array.from(bytes, (byte) => DIGITS[byte % DIGITS.length]).join('');
}
