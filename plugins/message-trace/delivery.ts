/** Deliveries of traced messages: the same outcome as any other delivery, and a station for each. */
import {
  CLIENT_SINK,
  type ClientConnection,
  deliverToClient,
  ENDED,
  FILTERED,
  LIMITED,
  type Link,
  type Message,
  NO_ECHO,
  type ServiceSink,
  type Subscription,
  withHeaderField,
} from '../../kernel/plugin-api.ts';
import { CLIENT_KIND, type DeliveryRecord, type Egress } from './egress.ts';

/** Tells other servers which step of the way theirs is. */
const HOP_HEADER = 'Nats-Trace-Hop';

const TraceError = {
  remoteUnaware: 'Not delivered because remote does not support message tracing',
  remoteSilent: 'Message delivered but remote does not support message tracing so no trace event generated from there',
  noEcho: 'Not delivered because of no echo',
  publishDenied: 'Not delivered because publish denied for this subject',
  subscriptionDenied: 'Not delivered because subscription denies this subject',
  subscriptionClosed: 'Not delivered because subscription is closed',
  clientClosed: 'Not delivered because client is closed',
  limitReached: 'Not delivered because auto-unsubscribe exceeded',
  consumerSlow: 'Not delivered because fast producer not stalled and consumer is slow',
} as const;

/** One receiver in this process. Answers whether it took the message, or would have. */
export function serveTraced(subscription: Subscription, message: Message, trace: DeliveryRecord): boolean {
  if (subscription.kind !== CLIENT_SINK) return serveService(subscription, message, trace);
  const client = subscription.sink as ClientConnection;
  const { pattern, queue } = subscription;
  const { id, account, options } = client;
  let error = refusalOf(client, subscription, message);
  if (error === '' && !trace.isOnly && !deliverToClient(subscription, message)) {
    error = client.isClosed ? TraceError.clientClosed : TraceError.consumerSlow;
  }
  const receiver = { kind: CLIENT_KIND, id, name: options.name, account: account.name, pattern, queue };
  trace.leave(message, receiver, error);
  return error === '';
}

/** Why the receiver is passed over, as `admits` of a client connection decides it; empty when it is not. */
function refusalOf(client: ClientConnection, subscription: Subscription, message: Message): string {
  const { flags, filter } = subscription;
  if (client.isClosed) return TraceError.clientClosed;
  if ((flags & ENDED) !== 0) return TraceError.subscriptionClosed;
  if ((flags & NO_ECHO) !== 0 && message.origin === client) return TraceError.noEcho;
  if ((flags & LIMITED) !== 0 && subscription.delivered >= subscription.max) return TraceError.limitReached;
  if ((flags & FILTERED) === 0 || filter === null) return '';
  const isAllowed = filter.allows(message.subjectBytes, message.subjectStart, message.subjectEnd);
  return isAllowed ? '' : TraceError.subscriptionDenied;
}

function serveService(subscription: Subscription, message: Message, trace: DeliveryRecord): boolean {
  const service = subscription.sink as ServiceSink;
  const isTaken =
    service.deliverTraced === undefined
      ? service.deliver(message, subscription)
      : service.deliverTraced(message, subscription, trace);
  if (isTaken) subscription.delivered++;
  return isTaken;
}

/** One line to another server. The copy that goes over it says which step of the way comes next. */
export function sendTraced(
  link: Link,
  message: Message,
  subscriptions: readonly Subscription[],
  members: readonly Subscription[],
  trace: DeliveryRecord,
): boolean {
  if (link.deliverTraced !== undefined) return link.deliverTraced(message, subscriptions, trace);
  const { tracing } = link;
  if (tracing === undefined) return !trace.isOnly && link.deliver(message, subscriptions, members);
  const remote: Egress = { kind: tracing.kind, id: tracing.id, name: tracing.name };
  if (!tracing.isUnderstood) {
    const isSent = !trace.isOnly && link.deliver(message, subscriptions, members);
    trace.leave(message, remote, isSent ? TraceError.remoteSilent : TraceError.remoteUnaware);
    return isSent;
  }
  const hop = trace.nextHop();
  const isSent = link.deliver(withHeaderField(message, HOP_HEADER, hop), subscriptions, members);
  trace.leave(message, { ...remote, hop }, isSent ? '' : TraceError.clientClosed);
  return isSent;
}
