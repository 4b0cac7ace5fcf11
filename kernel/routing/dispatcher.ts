/**
 * Carries out a plan: every plain receiver, one member of each queue group, one frame for each link.
 */
import { deliverToClient, deliverToClients } from '../connection/deliver.ts';
import { sendTravelling } from '../connection/original-subject.ts';
import type { Random } from '../ports/ports.ts';
import { FROM_PEER, type Link, refuses } from './link.ts';
import type { Message } from './message.ts';
import type { MessageTrace } from './message-trace.ts';
import type { LinkInterest, Plan, QueueGroup } from './plan.ts';
import { CLIENT_SINK, FALLBACK, LINK_SINK, type ServiceSink, type Subscription } from './subscription.ts';

const NO_MEMBERS: readonly Subscription[] = [];

export class Dispatcher {
  private readonly random: Random;
  /** One for each depth of publishing while publishing. */
  private readonly idle: Chosen[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  /** Answers how many receivers took the message; a link counts as one. */
  dispatch(plan: Plan, message: Message): number {
    const count = deliverToClients(plan.clients, message);
    if (plan.isClientsOnly) return count;
    let others = 0;
    for (let at = 0; at < plan.services.length; at++) if (serve(plan.services[at], message)) others++;
    return count + others + this.serveElsewhere(plan, message, null);
  }

  /** The same, with everything written down. A message that is only traced counts where it would have been taken. */
  dispatchTraced(plan: Plan, message: Message, trace: MessageTrace): number {
    let count = 0;
    for (const subscription of plan.clients) if (trace.serve(subscription, message)) count++;
    for (const subscription of plan.services) if (trace.serve(subscription, message)) count++;
    return count + this.serveElsewhere(plan, message, trace);
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

  /** Queue groups, and whoever is behind links. */
  private serveElsewhere(plan: Plan, message: Message, trace: MessageTrace | null): number {
    if (plan.queues.length === 0) return sendOverLinks(plan.links, message, NOBODY, trace);
    const chosen = this.idle.pop() ?? new Chosen();
    let count = this.serveQueues(plan, message, chosen, trace);
    if (chosen.count > 0 || plan.links.length > 0) count += sendOverLinks(plan.links, message, chosen, trace);
    chosen.clear();
    this.idle.push(chosen);
    return count;
  }

  /** Answers how many members here took the message; those chosen behind links are added to `chosen`. */
  private serveQueues(plan: Plan, message: Message, chosen: Chosen, trace: MessageTrace | null): number {
    let local = 0;
    for (let at = 0; at < plan.queues.length; at++) {
      const group = plan.queues[at];
      if (message.queues !== null && !message.queues.includes(group.name)) continue;
      const member = this.serveOne(group, message, trace) ?? lastResort(group, plan.links, message);
      if (member === null) continue;
      if (member.kind === LINK_SINK) chosen.add(member);
      else local++;
    }
    return local;
  }

  /**
   * From a random start, the first member that takes the message. A member behind a link is chosen when the walk comes
   * to it, but a fallback only if nobody else takes the message.
   */
  private serveOne(group: QueueGroup, message: Message, trace: MessageTrace | null): Subscription | null {
    const members = group.members;
    const count = members.length;
    let fallback: Subscription | null = null;
    let index = count === 1 ? 0 : this.startIn(group);
    for (let tried = 0; tried < count; tried++) {
      const member = members[index];
      if (++index === count) index = 0;
      if (member.kind !== LINK_SINK) {
        if (trace === null ? serve(member, message) : trace.serve(member, message)) return member;
        continue;
      }
      const link = member.sink as Link;
      if (refuses(link, message) || comesFrom(member, message)) continue;
      if (!link.isFallback && (member.flags & FALLBACK) === 0) return member;
      fallback ??= member;
    }
    return fallback;
  }

  /** Each member is the first to be asked as often as its weight says. */
  private startIn({ members, shares }: QueueGroup): number {
    if (shares === null) return this.random.below(members.length);
    const point = this.random.below(shares[shares.length - 1]);
    let low = 0;
    let high = shares.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shares[middle] > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * Another server of this group has chosen this one for a queue group, and the last member here has just left: a third server may have one.
 * Not where that server gets the message anyway, for others there: they would hear it twice.
 */
function lastResort({ members }: QueueGroup, links: readonly LinkInterest[], message: Message): Subscription | null {
  if (message.queues === null || (message.originBit & FROM_PEER) === 0) return null;
  for (const member of members) {
    if (member.kind !== LINK_SINK || comesFrom(member, message)) continue;
    const link = member.sink as Link;
    const isPeer = (link.originBit & FROM_PEER) !== 0;
    if (isPeer && link.connection !== message.origin && !isAmong(links, link)) return member;
  }
  return null;
}

/** The interest of a group of servers in what comes from that group. */
function comesFrom(member: Subscription, message: Message): boolean {
  return message.originCluster !== '' && member.sid === message.originCluster;
}

function serve(subscription: Subscription, message: Message): boolean {
  if (subscription.kind === CLIENT_SINK) return deliverToClient(subscription, message);
  const isTaken = (subscription.sink as ServiceSink).deliver(message, subscription);
  if (isTaken) subscription.delivered++;
  return isTaken;
}

/** `chosen`: queue members behind links, of which each link gets its own. */
function sendOverLinks(
  links: readonly LinkInterest[],
  message: Message,
  chosen: Chosen,
  trace: MessageTrace | null,
): number {
  let count = 0;
  for (let at = 0; at < links.length; at++) {
    const { link, subscriptions } = links[at];
    if (!refuses(link, message) && send(link, message, subscriptions, chosen.behind(link), trace)) count++;
  }
  for (let at = 0; at < chosen.count; at++) {
    const link = chosen.linkAt(at);
    if (isAmong(links, link) || chosen.indexOf(link) < at) continue;
    if (send(link, message, NO_MEMBERS, chosen.behind(link), trace)) count++;
  }
  return count;
}

function isAmong(links: readonly LinkInterest[], link: Link): boolean {
  for (let at = 0; at < links.length; at++) if (links[at].link === link) return true;
  return false;
}

function send(
  link: Link,
  message: Message,
  subscriptions: readonly Subscription[],
  members: readonly Subscription[],
  trace: MessageTrace | null,
): boolean {
  const { routedBy } = message;
  // What is renamed on its way between accounts is renamed as it is shown.
  if (routedBy !== null && link.connection !== undefined) {
    return sendTravelling(link, message, routedBy, subscriptions, members);
  }
  return trace === null
    ? link.deliver(message, subscriptions, members)
    : trace.send(link, message, subscriptions, members);
}

/** Queue members behind links, one a group. Emptied without giving back its memory, as an array would. */
class Chosen {
  count = 0;
  private readonly members: (Subscription | null)[] = [null];
  private readonly single: Subscription[] = [];

  add(member: Subscription): void {
    this.members[this.count++] = member;
  }

  clear(): void {
    for (let at = 0; at < this.count; at++) this.members[at] = null;
    this.count = 0;
  }

  linkAt(at: number): Link {
    return (this.members[at] as Subscription).sink as Link;
  }

  indexOf(link: Link): number {
    let at = 0;
    while (this.linkAt(at) !== link) at++;
    return at;
  }

  /** Good until the next call, where there is but one. */
  behind(link: Link): readonly Subscription[] {
    if (this.count === 0) return NO_MEMBERS;
    if (this.count > 1) return this.members.filter((member) => member?.sink === link) as Subscription[];
    if (this.linkAt(0) !== link) return NO_MEMBERS;
    this.single[0] = this.members[0] as Subscription;
    return this.single;
  }
}

const NOBODY = new Chosen();
