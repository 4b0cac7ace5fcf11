/** What a leaf and its hub say to each other. Subjects and queues are bytes, one character each. */
import { COMMON_WORDS, defineDialect, LinkVerb } from '../link/dialect.ts';

/** Frames name no account, for the whole connection is for one, and no cluster, for it is that of the other side. */
export const LEAF_DIALECT = defineDialect('LMSG', {
  ...COMMON_WORDS,
  'ls+': LinkVerb.subscribe,
  'ls-': LinkVerb.unsubscribe,
  lmsg: LinkVerb.message,
});

export const PLAIN_HEAD: Uint8Array = Buffer.from('LMSG ', 'latin1');
export const HEADER_HEAD: Uint8Array = Buffer.from('HMSG ', 'latin1');

export function subscribeText(subject: string, queue: string, weight: number): string {
  return queue === '' ? `LS+ ${subject}\r\n` : `LS+ ${subject} ${queue} ${weight}\r\n`;
}

export function unsubscribeText(subject: string, queue: string): string {
  return queue === '' ? `LS- ${subject}\r\n` : `LS- ${subject} ${queue}\r\n`;
}
