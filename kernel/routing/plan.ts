/**
 * A match result prepared for delivery: who gets a message on any subject that matches one set of patterns.
 *
 * Plans are made per set of matched patterns, not per subject, so a hundred thousand subjects under one wildcard
 * share one plan. A plan is immutable; it is good as long as none of its patterns changed since it was built.
 */
import type { Link } from './link.ts';
import type { Interest } from './sublist.ts';
import { CLIENT_SINK, LINK_SINK, type Subscription } from './subscription.ts';

export interface QueueGroup {
  readonly name: string;
  readonly members: readonly Subscription[];
  /** Up to where the weights of the members add up, one after the other. Null where each stands for itself alone. */
  readonly shares: readonly number[] | null;
}

/** All plain interest of one remote: it gets one frame, however many subscriptions it holds. */
export interface LinkInterest {
  readonly link: Link;
  readonly subscriptions: readonly Subscription[];
}

export class Plan {
  readonly clients: readonly Subscription[];
  readonly services: readonly Subscription[];
  readonly links: readonly LinkInterest[];
  readonly queues: readonly QueueGroup[];
  readonly isEmpty: boolean;
  /** The one receiver, where there is nobody but one plain client subscription. */
  readonly only: Subscription | null;
  /** Nothing but plain client subscriptions. */
  readonly isClientsOnly: boolean;
  private split: readonly [here: Plan, beyond: Plan] | null = null;

  constructor(
    clients: readonly Subscription[],
    services: readonly Subscription[],
    links: readonly LinkInterest[],
    queues: readonly QueueGroup[],
  ) {
    this.clients = clients;
    this.services = services;
    this.links = links;
    this.queues = queues;
    this.isClientsOnly = services.length === 0 && links.length === 0 && queues.length === 0;
    this.only = this.isClientsOnly && clients.length === 1 ? clients[0] : null;
    this.isEmpty = this.isClientsOnly && clients.length === 0;
  }

  /** Everybody but plain interest of links, and that alone; for messages the two see differently. */
  get halves(): readonly [here: Plan, beyond: Plan] {
    this.split ??= [
      this.links.length === 0 ? this : new Plan(this.clients, this.services, NONE, this.queues),
      this.links.length === 0 ? EMPTY_PLAN : new Plan(NONE, NONE, this.links, NONE),
    ];
    return this.split;
  }
}

const NONE: never[] = [];

export const EMPTY_PLAN = new Plan(NONE, NONE, NONE, NONE);

export function buildPlan(interests: readonly Interest[], count: number): Plan {
  const [first] = interests;
  if (count === 1 && first.plain.length === 1 && first.queues === null && first.plain[0].kind === CLIENT_SINK) {
    return new Plan([first.plain[0]], NONE, NONE, NONE);
  }
  const clients: Subscription[] = [];
  const services: Subscription[] = [];
  const remote = new Map<Link, Subscription[]>();
  const groups = new Map<string, Subscription[]>();
  for (let at = 0; at < count; at++) {
    for (const subscription of interests[at].plain) {
      if (subscription.kind === CLIENT_SINK) clients.push(subscription);
      else if (subscription.kind === LINK_SINK) append(remote, subscription.sink as Link, subscription);
      else services.push(subscription);
    }
    for (const [name, members] of interests[at].queues ?? []) addMembers(groups, name, members);
  }
  const isElsewhere = services.some(({ standsForLinks }) => standsForLinks);
  const links = isElsewhere ? NONE : [...remote].map(([link, subscriptions]) => ({ link, subscriptions }));
  const queues = [...groups]
    .filter(([, members]) => members.length > 0)
    .map(([name, members]) => groupOf(name, members));
  return new Plan(clients, services, links, queues);
}

function addMembers(groups: Map<string, Subscription[]>, name: string, members: readonly Subscription[]): void {
  for (const member of members) if (member.weight > 0) append(groups, name, member);
}

function groupOf(name: string, members: readonly Subscription[]): QueueGroup {
  if (members.every(({ weight }) => weight === 1)) return { name, members, shares: null };
  let sum = 0;
  const shares = members.map(({ weight }) => {
    sum += weight;
    return sum;
  });
  return { name, members, shares };
}

function append<K>(lists: Map<K, Subscription[]>, key: K, subscription: Subscription): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [subscription]);
  else list.push(subscription);
}
