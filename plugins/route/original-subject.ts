/**
 * Messages of a push consumer carry two subjects across servers: they travel on the one that is delivered to, and the one
 * they were stored under follows an `@` in the reply. A client is shown the second, and a reply without it.
 */
import { type Broker, type Message, Plan } from '../../kernel/plugin-api.ts';

const PREFIX = Buffer.from('$JS.ACK.');
/** So many dots are in the reply before the other subject can begin. */
const DOTS = 8;
const DOT = 46;
const AT = 64;
const NONE: never[] = [];

/** False for every other message, which is then still to be delivered. */
export function showsOriginalSubject(broker: Broker, plan: Plan, message: Message): boolean {
  const { replyBytes, replyStart, replyEnd } = message;
  if (replyBytes[replyStart] !== PREFIX[0] || replyBytes[replyStart + 4] !== PREFIX[4]) return false;
  const at = separatorIn(replyBytes, replyStart, replyEnd);
  if (at < 0) return false;
  deliverHere(broker, plan, message, at);
  if (plan.links.length > 0) broker.dispatcher.dispatch(new Plan(NONE, NONE, [...plan.links], NONE), message);
  return true;
}

function deliverHere({ dispatcher }: Broker, plan: Plan, message: Message, at: number): void {
  const { subjectBytes, subjectStart, subjectEnd, replyEnd } = message;
  message.subjectBytes = message.replyBytes;
  message.subjectStart = at + 1;
  message.subjectEnd = replyEnd;
  message.replyEnd = at;
  const here = plan.links.length === 0 ? plan : new Plan([...plan.clients], [...plan.services], NONE, [...plan.queues]);
  dispatcher.dispatch(here, message);
  message.subjectBytes = subjectBytes;
  message.subjectStart = subjectStart;
  message.subjectEnd = subjectEnd;
  message.replyEnd = replyEnd;
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
