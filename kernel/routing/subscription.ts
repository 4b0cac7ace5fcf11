/** What stands in a Sublist: who wants messages on a pattern, and what makes this wish special. */
import type { DeliveryFilter } from '../permissions/permissions.ts';
import type { Message } from './message.ts';
import type { MessageTrace } from './message-trace.ts';
import type { SubjectNode } from './subject-tree.ts';
import type { Interest } from './sublist.ts';

/** How a subscription is served; the delivery loop switches on it. */
export const CLIENT_SINK = 0;
export const SERVICE_SINK = 1;
export const LINK_SINK = 2;
export type SinkKind = typeof CLIENT_SINK | typeof SERVICE_SINK | typeof LINK_SINK;

/** Delivery needs a closer look when one of these is set. */
export const NO_ECHO = 1;
export const LIMITED = 2;
export const FILTERED = 4;
export const TRACKS_REPLIES = 8;
export const ENDED = 16;
/** On a link: the members stand behind another server still, and are chosen only when no nearer one took the message. */
export const FALLBACK = 32;

/** Whoever receives messages. */
export interface Sink {
  readonly kind: SinkKind;
}

/** Code in this process. `deliver` answers whether it took the message; the message is borrowed. */
export interface ServiceSink extends Sink {
  deliver(message: Message, subscription: Subscription): boolean;
  /**
   * Instead of `deliver`, where a service wants to show up in traces, or to leave messages alone that are only traced.
   * Services without it get every message and are never mentioned.
   */
  deliverTraced?(message: Message, subscription: Subscription, trace: MessageTrace): boolean;
}

export class Subscription {
  readonly sink: Sink;
  readonly kind: SinkKind;
  /** The subject pattern's place in the tree; null once removed. */
  node: SubjectNode<Interest> | null = null;
  readonly pattern: string;
  /** Empty for a plain subscription. */
  readonly queue: string;
  /** On a link: what the servers call themselves that the interest comes from, where the link is none to them; or empty. */
  readonly sid: string;
  flags = 0;
  /** How many members of the queue group this stands for; more than 1 only on links. */
  weight = 1;
  delivered = 0;
  /** The subscription ends with this delivery; 0 for never. */
  max = 0;
  /** Drops single messages; goes with the flag FILTERED. */
  filter: DeliveryFilter | null = null;
  /** Position in the node's list, so that removal needs no search. */
  position = -1;
  /**
   * Nobody is told of it, no hook and no other server: what it stands for happens where a message is published, not where
   * it arrives. Set before it is inserted; for plain subscriptions only.
   */
  staysHere = false;
  /** It sees to the message's way to other servers: none of them is sent it as it is. */
  standsForLinks = false;

  constructor(sink: Sink, pattern: string, queue: string, sid: string) {
    this.sink = sink;
    this.kind = sink.kind;
    this.pattern = pattern;
    this.queue = queue;
    this.sid = sid;
  }
}
