/** How many subscriptions a subject has: `$SYS.DEBUG.SUBSCRIBERS`, and what servers ask each other for it. */
import {
  type Account,
  isSubset,
  isValidLiteral,
  matchesLiteral,
  type Pace,
  type Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import { decode } from './decode.ts';

/** Subscriptions of clients only; what the broker itself listens to is nobody's. */
const CLIENT: number = 0;

/** Subscriptions, and places where there may be some. */
const LOOKS_AT_ONCE = 64;

/** A wildcard counts those that are inside it. There may be millions to look at: others get their turn meanwhile. */
export async function countSubscribers(
  { sublist }: Account,
  { subject, queue, pace }: { readonly subject: string; readonly queue: string; readonly pace: Pace },
): Promise<number> {
  const isLiteral = isValidLiteral(subject);
  const counts = ({ kind, queue: group, pattern }: Subscription): boolean => {
    if (kind !== CLIENT || (queue !== '' && group !== queue)) return false;
    return isLiteral ? matchesLiteral(subject, pattern) : isSubset(pattern, subject);
  };
  let [count, looked] = [0, 0];
  for (let slot = 0; slot < sublist.slotCount; slot++) {
    for (const subscription of sublist.subscriptionsAt(slot)) {
      if (++looked % LOOKS_AT_ONCE === 0 && pace.isDue) await pace.rest();
      if (counts(subscription)) count++;
    }
    if (slot % LOOKS_AT_ONCE === 0 && pace.isDue) await pace.rest();
  }
  return count;
}

/** `subject` or `subject queue`. */
export async function debugCount(account: Account, text: string, pace: Pace): Promise<number> {
  const [subject = '', queue = ''] = text.trim().split(/\s+/);
  if (subject === '') return 0;
  return countSubscribers(account, { subject: subjectFromText(subject), queue: subjectFromText(queue), pace });
}

/** Null for what cannot be read and for accounts that are not here: another server may know. */
export async function remoteCount(
  text: string,
  { pace, accountOf }: { readonly pace: Pace; readonly accountOf: (name: string) => Account | undefined },
): Promise<number | null> {
  const decoded = decode(text, 'accNumSubsReq', { acc: 'string', subject: 'string', queue: 'string' });
  if ('failure' in decoded) return null;
  const { acc = '', subject = '', queue = '' } = decoded.options as Record<string, string>;
  const account = accountOf(acc);
  if (account === undefined) return null;
  const group = Buffer.from(queue, 'base64').toString('latin1');
  return countSubscribers(account, { subject: subjectFromText(subject), queue: group, pace });
}
