/** One subscription as /connz and /subsz print it. */
import type { PastSubscription } from '../closed-connections.ts';

export function subscriptionEntry(subscription: PastSubscription, cid: number, account?: string, tag?: string): object {
  const { queue, max } = subscription;
  return {
    account,
    account_tag: tag,
    subject: textOf(subscription.pattern),
    qgroup: queue === '' ? undefined : textOf(queue),
    sid: textOf(subscription.sid),
    msgs: subscription.delivered,
    max: max === 0 ? undefined : max,
    cid,
  };
}

/** The kernel keeps subjects one character a byte. */
export function textOf(subject: string): string {
  return Buffer.from(subject, 'latin1').toString();
}
