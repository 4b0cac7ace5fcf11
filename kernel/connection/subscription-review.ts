/** What the permissions of a client mean for its subscriptions, when they are made and when the permissions change. */
import { quoted } from '../../protocols/client/quoted.ts';
import { FILTERED, NO_ECHO, type Subscription, TRACKS_REPLIES } from '../routing/subscription.ts';
import type { ClientConnection } from './client-connection.ts';

const BY_PERMISSIONS = NO_ECHO | FILTERED | TRACKS_REPLIES;

/** Has the subscription served as the client may be served now. */
export function serveAsPermitted(client: ClientConnection, subscription: Subscription): void {
  const { pattern, queue } = subscription;
  subscription.filter = client.permissions?.deliveryFilter(pattern, queue) ?? null;
  let flags = subscription.flags & ~BY_PERMISSIONS;
  if (!client.options.echo) flags |= NO_ECHO;
  if (subscription.filter !== null) flags |= FILTERED;
  if (client.replies !== null) flags |= TRACKS_REPLIES;
  subscription.flags = flags;
}

/**
 * Ends the subscriptions that are no longer allowed, and tells the client. All others stay where they are: nobody else
 * learns that anything happened.
 */
export function reviewSubscriptions(client: ClientConnection): void {
  const { broker, permissions } = client;
  for (const subscription of [...client.subscriptions.values()]) {
    const { pattern, queue, sid } = subscription;
    if (permissions === null || permissions.maySubscribe(pattern, queue)) {
      serveAsPermitted(client, subscription);
      continue;
    }
    client.endSubscription(subscription);
    client.sendError(`${subscriptionViolation(pattern, queue)} (sid ${quoted(sid)})`);
    const what = `${quoted(pattern)} (sid ${quoted(sid)})`;
    broker.logOf(client).info(`Removed sub ${what} for ${client.identity?.user ?? ''} - not authorized`);
  }
}

export function subscriptionViolation(subject: string, queue: string): string {
  const inQueue = queue === '' ? '' : ` using queue ${quoted(queue)}`;
  return `Permissions Violation for Subscription to ${quoted(subject)}${inQueue}`;
}
