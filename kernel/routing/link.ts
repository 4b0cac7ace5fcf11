/**
 * The other end of a line to another server, as routing sees it.
 *
 * What kinds of links there are and which may pass what on to which is data on the link, so that routing needs to
 * know no kind by name: a link refuses messages whose origin carries one of the bits in `refusesOrigins`.
 */
import type { Message } from './message.ts';
import type { MessageTrace } from './message-trace.ts';
import type { LINK_SINK, Sink, Subscription } from './subscription.ts';

/**
 * The message came out of another account, as one that is imported there. A line to another server refuses it: that
 * server knows the exporting account's interest, and crosses the border itself. So does whatever leads into a third
 * account, for what is imported is not passed on.
 */
export const CROSSED_BY_STREAM = 1 << 30;
/** The message is a request, or an answer, on its way between the accounts of a service. Lines to other servers take it. */
export const CROSSED_BY_SERVICE = 1 << 29;
/**
 * Part of the origin of lines to servers that know nothing of the accounts here: what comes over them may be a request that
 * is still to be sent on its way. Servers that share the accounts have done that themselves.
 */
export const MAY_ASK_SERVICES = 1 << 28;

// Where a message came in, where that was a line to another server; local messages have no such bit.

/** A server of the same group: it sends to all others of the group itself. */
export const FROM_PEER = 1;
/** A server that hangs on this one, and has nobody else. */
export const FROM_BRANCH = 2;
/** The server this one hangs on. */
export const FROM_TRUNK = 4;
/** Another group of servers. */
export const FROM_AFAR = 8;

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
  /** One bit, shared by all links of a kind and role; and `MAY_ASK_SERVICES` where that is so. */
  readonly originBit: number;
  /** Messages that came in over links with these bits do not go out here. */
  readonly refusesOrigins: number;
  /** Queue members here are chosen only when no nearer member took the message. */
  readonly isFallback: boolean;
  /** What a message that came in over this very line has as its `origin`: it does not go back. */
  readonly connection?: object;
  /** The servers behind it call themselves this: what entered through them does not go back by another way either. */
  readonly remoteCluster?: string;
  /** Absent: the link does not show up in traces, and messages that are only traced do not go over it. */
  readonly tracing?: LinkTracing;
  /**
   * Sends one message over. `subscriptions` is the plain interest that matched, empty when only queue groups chose this
   * link; `queues` are the members chosen here, one a group. Answers whether it was sent.
   */
  deliver(message: Message, subscriptions: readonly Subscription[], queues: readonly Subscription[]): boolean;
  /** Instead of `deliver`, for a traced message, where the other end is in this process. */
  deliverTraced?(message: Message, subscriptions: readonly Subscription[], trace: MessageTrace): boolean;
}

/** Whether the message must not go out here. */
export function refuses(link: Link, message: Message): boolean {
  const { originBit, originCluster } = message;
  if (originBit === 0) return false;
  if ((link.refusesOrigins & originBit) !== 0 || link.connection === message.origin) return true;
  return originCluster !== '' && link.remoteCluster === originCluster;
}
