/** How many subscriptions a subject has: `$SYS.DEBUG.SUBSCRIBERS`, and what servers ask each other for it. */
import { type Account, isSubset, isValidLiteral, matchesLiteral, subjectFromText } from '../../../kernel/plugin-api.ts';
import { decode } from './decode.ts';

/** Subscriptions of clients only; what the broker itself listens to is nobody's. */
const CLIENT: number = 0;

/** A wildcard counts those that are inside it. */
export function countSubscribers({ sublist }: Account, subject: string, queue: string): number {
  const isLiteral = isValidLiteral(subject);
  let count = 0;
  for (const subscription of sublist.subscriptions()) {
    if (subscription.kind !== CLIENT || (queue !== '' && subscription.queue !== queue)) continue;
    const { pattern } = subscription;
    if (isLiteral ? matchesLiteral(subject, pattern) : isSubset(pattern, subject)) count++;
  }
  return count;
}

/** `subject` or `subject queue`. */
export function debugCount(account: Account, text: string): number {
  const [subject = '', queue = ''] = text.trim().split(/\s+/);
  return subject === '' ? 0 : countSubscribers(account, subjectFromText(subject), subjectFromText(queue));
}

/** Null for what cannot be read and for accounts that are not here: another server may know. */
export function remoteCount(text: string, accountOf: (name: string) => Account | undefined): number | null {
  const decoded = decode(text, 'accNumSubsReq', { acc: 'string', subject: 'string', queue: 'string' });
  if ('failure' in decoded) return null;
  const { acc = '', subject = '', queue = '' } = decoded.options as Record<string, string>;
  const account = accountOf(acc);
  if (account === undefined) return null;
  return countSubscribers(account, subjectFromText(subject), Buffer.from(queue, 'base64').toString('latin1'));
}
