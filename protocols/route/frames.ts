/** Lines a server of a cluster sends. Subjects, queues and accounts are bytes, one character each. */
import { COMMON_WORDS, defineDialect, LinkVerb } from '../link/dialect.ts';
import { json } from '../link/json-line.ts';

export const ROUTE_DIALECT = defineDialect('RMSG', {
  ...COMMON_WORDS,
  'rs+': LinkVerb.subscribe,
  'rs-': LinkVerb.unsubscribe,
  'ls+': LinkVerb.leafSubscribe,
  'ls-': LinkVerb.leafUnsubscribe,
  'a+': LinkVerb.accountSubscribe,
  'a-': LinkVerb.accountUnsubscribe,
  rmsg: LinkVerb.message,
  lmsg: LinkVerb.leafMessage,
});

/** What is passed on of another server's INFO has no blank at its end. */
export function gossipLine(info: object): Buffer {
  return Buffer.from(`INFO ${json(info)}\r\n`, 'utf8');
}

/** What a line of interest names besides the subject. Empty: not on the line. */
export interface InterestAddress {
  readonly account: string;
  /** The cluster of the leaf it comes from; `_` for one without. */
  readonly origin: string;
}

export function subscribeText(
  { account, origin }: InterestAddress,
  subject: string,
  queue: string,
  weight: number,
): string {
  const verb = origin === '' ? 'RS+ ' : `LS+ ${origin} `;
  const named = account === '' ? verb : `${verb}${account} `;
  return queue === '' ? `${named}${subject}\r\n` : `${named}${subject} ${queue} ${weight}\r\n`;
}

/** `isOfLeaf`: it was told as a leaf's, though to this server the origin is not named. */
export function unsubscribeText(
  { account, origin }: InterestAddress,
  subject: string,
  queue: string,
  isOfLeaf = origin !== '',
): string {
  const verb = isOfLeaf ? 'LS- ' : 'RS- ';
  const from = origin === '' ? verb : `${verb}${origin} `;
  const named = account === '' ? from : `${from}${account} `;
  return queue === '' ? `${named}${subject}\r\n` : `${named}${subject} ${queue}\r\n`;
}
