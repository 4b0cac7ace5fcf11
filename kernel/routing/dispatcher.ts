/**
 * Carries out a plan: every plain receiver, one member of each queue group, one frame for each link.
 */
import { deliverToClient, deliverToClients } from '../connection/deliver.ts';
import type { Random } from '../ports/ports.ts';
import type { Link } from './link.ts';
import type { Message } from './message.ts';
import type { MessageTrace } from './message-trace.ts';
import type { Plan, QueueGroup } from './plan.ts';
import { CLIENT_SINK, LINK_SINK, type ServiceSink, type Subscription } from './subscription.ts';
import { sendTraced, serveTraced } from './traced-delivery.ts';

const NO_MEMBERS: readonly Subscription[] = [];

export class Dispatcher {
  private readonly random: Random;
  /** Queue members chosen behind links by the call under way. */
  private remote: Map<Link, Subscription[]> | null = null;

  constructor(random: Random) {
    this.random = random;
  }

  /** Answers how many receivers took the message; a link counts as one. */
  dispatch(plan: Plan, message: Message): number {
    let count = deliverToClients(plan.clients, message);
    if (plan.isClientsOnly) return count;
    for (const subscription of plan.services) if (serve(subscription, message)) count++;
    if (plan.queues.length > 0) count += this.serveQueues(plan, message, null);
    const remote = this.remote;
    this.remote = null;
    if (remote !== null || plan.links.length > 0) count += sendOverLinks(plan, message, remote, null);
    return count;
  }

  /** The same, with everything written down. A message that is only traced counts where it would have been taken. */
  dispatchTraced(plan: Plan, message: Message, trace: MessageTrace): number {
    let count = 0;
    for (const subscription of plan.clients) if (serveTraced(subscription, message, trace)) count++;
    for (const subscription of plan.services) if (serveTraced(subscription, message, trace)) count++;
    count += this.serveQueues(plan, message, trace);
    const remote = this.remote;
    this.remote = null;
    return count + sendOverLinks(plan, message, remote, trace);
  }

  /**
   * One member of one queue group: the first, from a random start, that takes the message. False when the group is not in
   * the plan or nobody in it takes the message.
   */
  dispatchToGroup(plan: Plan, message: Message, name: string, trace: MessageTrace | null): boolean {
    const group = plan.queues.find((candidate) => candidate.name === name);
    const member = group === undefined ? null : this.serveOne(group, message, trace);
    if (member === null || member.kind !== LINK_SINK) return member !== null;
    return send(member.sink as Link, message, NO_MEMBERS, [member], trace);
  }

  /** Answers how many members here took the message; those chosen behind links are left in `remote`. */
  private serveQueues(plan: Plan, message: Message, trace: MessageTrace | null): number {
    let local = 0;
    let remote: Map<Link, Subscription[]> | null = null;
    for (const group of plan.queues) {
      if (message.queues !== null && !message.queues.includes(group.name)) continue;
      const member = this.serveOne(group, message, trace);
      if (member === null) continue;
      if (member.kind !== LINK_SINK) {
        local++;
        continue;
      }
      remote ??= new Map();
      const members = remote.get(member.sink as Link);
      if (members === undefined) remote.set(member.sink as Link, [member]);
      else members.push(member);
    }
    this.remote = remote;
    return local;
  }

  /**
   * From a random start, the first member that takes the message. A member behind a link is chosen when the walk comes
   * to it, but one behind a fallback link only if nobody else takes the message.
   */
  private serveOne(group: QueueGroup, message: Message, trace: MessageTrace | null): Subscription | null {
    const members = group.members;
    const count = members.length;
    let fallback: Subscription | null = null;
    let index = count === 1 ? 0 : this.random.below(count);
    for (let tried = 0; tried < count; tried++) {
      const member = members[index];
      if (++index === count) index = 0;
      if (member.kind !== LINK_SINK) {
        if (trace === null ? serve(member, message) : serveTraced(member, message, trace)) return member;
        continue;
      }
      const link = member.sink as Link;
      if ((link.refusesOrigins & message.originBit) !== 0) continue;
      if (!link.isFallback) return member;
      fallback ??= member;
    }
    return fallback;
  }
}

function serve(subscription: Subscription, message: Message): boolean {
  if (subscription.kind === CLIENT_SINK) return deliverToClient(subscription, message);
  const isTaken = (subscription.sink as ServiceSink).deliver(message, subscription);
  if (isTaken) subscription.delivered++;
  return isTaken;
}

function sendOverLinks(
  plan: Plan,
  message: Message,
  remote: Map<Link, Subscription[]> | null,
  trace: MessageTrace | null,
): number {
  let count = 0;
  for (let at = 0; at < plan.links.length; at++) {
    const { link, subscriptions } = plan.links[at];
    const members = remote?.get(link) ?? NO_MEMBERS;
    remote?.delete(link);
    if ((link.refusesOrigins & message.originBit) !== 0) continue;
    if (send(link, message, subscriptions, members, trace)) count++;
  }
  if (remote === null) return count;
  for (const [link, members] of remote) if (send(link, message, NO_MEMBERS, members, trace)) count++;
  return count;
}

function send(
  link: Link,
  message: Message,
  subscriptions: readonly Subscription[],
  members: readonly Subscription[],
  trace: MessageTrace | null,
): boolean {
  return trace === null
    ? link.deliver(message, subscriptions, members)
    : sendTraced(link, message, subscriptions, members, trace);
}
