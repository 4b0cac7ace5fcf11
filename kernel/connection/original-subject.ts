/**
 * Some messages have two subjects: they are routed by one and shown under the other. Across servers they travel on the first, and the
 * other one follows an `@` in the reply, which acknowledges them. A client is shown that, and a reply without it.
 */
import type { Broker } from '../broker.ts';
import type { Link } from '../routing/link.ts';
import type { Message } from '../routing/message.ts';
import type { Plan } from '../routing/plan.ts';
import type { Subscription } from '../routing/subscription.ts';

const PREFIX = Buffer.from('$JS.ACK.');
/** So many dots are in the reply before the other subject can begin. */
const DOTS = 8;
const DOT = 46;
const AT = 64;

/** False for every other message, which is then still to be delivered. */
export function showsOriginalSubject(broker: Broker, plan: Plan, message: Message): boolean {
  const at = separatorIn(message.replyBytes, message.replyStart, message.replyEnd);
  if (at < 0) return false;
  const [here, beyond] = plan.halves;
  deliverHere(broker, here, message, at);
  if (!beyond.isEmpty) broker.dispatcher.dispatch(beyond, message);
  return true;
}

function deliverHere({ dispatcher }: Broker, here: Plan, message: Message, at: number): void {
  const { subjectBytes, subjectStart, subjectEnd, replyEnd } = message;
  message.subjectBytes = message.replyBytes;
  message.subjectStart = at + 1;
  message.subjectEnd = replyEnd;
  message.replyEnd = at;
  dispatcher.dispatch(here, message);
  message.subjectBytes = subjectBytes;
  message.subjectStart = subjectStart;
  message.subjectEnd = subjectEnd;
  message.replyEnd = replyEnd;
}

/** For one message at a time. */
let joined = Buffer.alloc(512);

/** Sends the message over as it travels. */
export function sendTravelling(
  link: Link,
  message: Message,
  routedBy: Buffer,
  subscriptions: readonly Subscription[],
  members: readonly Subscription[],
): boolean {
  const { subjectBytes, subjectStart, subjectEnd, replyBytes, replyStart, replyEnd } = message;
  const replyLength = replyEnd - replyStart;
  const length = replyLength + 1 + subjectEnd - subjectStart;
  if (length > joined.length) joined = Buffer.alloc(2 * length);
  replyBytes.copy(joined, 0, replyStart, replyEnd);
  joined[replyLength] = AT;
  subjectBytes.copy(joined, replyLength + 1, subjectStart, subjectEnd);
  message.replyBytes = joined;
  message.replyStart = 0;
  message.replyEnd = length;
  message.subjectBytes = routedBy;
  message.subjectStart = 0;
  message.subjectEnd = routedBy.length;
  message.routedBy = null;
  const isSent = link.deliver(message, subscriptions, members);
  message.routedBy = routedBy;
  message.subjectBytes = subjectBytes;
  message.subjectStart = subjectStart;
  message.subjectEnd = subjectEnd;
  message.replyBytes = replyBytes;
  message.replyStart = replyStart;
  message.replyEnd = replyEnd;
  return isSent;
}

/** Where the `@` stands, or -1. */
function separatorIn(bytes: Buffer, start: number, end: number): number {
  for (let at = 0; at < PREFIX.length; at++) if (bytes[start + at] !== PREFIX[at]) return -1;
  let dots = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] === DOT) dots++;
    else if (bytes[at] === AT && dots >= DOTS) return at + 1 < end ? at : -1;
  }
  return -1;
}
