/** Names made of 62 characters: of reply subjects, of events, of servers. */
import { createHash } from 'node:crypto';
import type { Ports } from '../../../kernel/plugin-api.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length;
const EVENT_LENGTH = 22;
const HASH_LENGTH = 8;

export function randomToken(random: Ports['random'], length: number): string {
  let token = '';
  for (let at = 0; at < length; at++) token += DIGITS[random.below(BASE)];
  return token;
}

export function eventId(random: Ports['random']): string {
  return randomToken(random, EVENT_LENGTH);
}

/** Short for the name of a server: all servers of a cluster make the same of it. */
export function serverHash(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, HASH_LENGTH);
  return Array.from(bytes, (byte) => DIGITS[byte % BASE]).join('');
}
