/** Names that are made up. */
import { createHash } from 'node:crypto';
import type { Random } from '../../../kernel/plugin-api.ts';
import { shortHash } from '../../../protocols/jetstream/short-hash.ts';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 22;

/** 22 letters that nobody else has. */
export function uniqueId(random: Random): string {
  return Array.from(random.bytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

/** Eight letters that stand for a name. */
export function hashOf(name: string): string {
  return shortHash(createHash('sha256').update(name).digest());
}
