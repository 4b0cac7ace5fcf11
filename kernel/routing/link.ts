/**
 * The other end of a line to another server, as routing sees it.
 *
 * What kinds of links there are and which may pass what on to which is data on the link, so that routing needs to
 * know no kind by name: a link refuses messages whose origin carries one of the bits in `refusesOrigins`.
 */
import type { Message } from './message.ts';
import type { LINK_SINK, Sink, Subscription } from './subscription.ts';

/** What a link is called in the traces of messages. */
export interface LinkTracing {
  readonly kind: number;
  readonly id: number;
  /** The remote server's. */
  readonly name: string;
  /** The remote goes on with the trace. */
  readonly isUnderstood: boolean;
}

export interface Link extends Sink {
  readonly kind: typeof LINK_SINK;
  /** One bit, shared by all links of a kind and role. */
  readonly originBit: number;
  /** Messages that came in over links with these bits do not go out here. */
  readonly refusesOrigins: number;
  /** Queue members here are chosen only when no nearer member took the message. */
  readonly isFallback: boolean;
  /** Absent: the link does not show up in traces, and messages that are only traced do not go over it. */
  readonly tracing?: LinkTracing;
  /**
   * Sends one message over. `subscriptions` is the plain interest that matched, empty when only queue groups chose this
   * link; `queues` are the members chosen here, one a group. Answers whether it was sent.
   */
  deliver(message: Message, subscriptions: readonly Subscription[], queues: readonly Subscription[]): boolean;
}
