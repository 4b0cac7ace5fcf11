/**
 * Messages that ask to be followed on their way. Which are followed, and what is written down about them, is for whoever stands on the
 * broker as `messageTracer`; these are the places where the kernel asks.
 */
import type { Account } from '../accounts/account.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { Connection } from '../connection/connection.ts';
import type { Link, LinkTracing } from './link.ts';
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

export interface MessageTracer {
  /**
   * What becomes of a message with a header that a client publishes. Null: it goes on as it came; nothing may be allocated for those. The
   * message is borrowed.
   */
  examine(client: ClientConnection, message: Message): Way | 'drop' | null;
  /** The same for what came over a line to another server, into an account. A record says already how it came in. */
  follow(link: Connection, account: Account, message: Message, tracing: LinkTracing): MessageTrace | 'drop' | null;
  /** A message is refused before all of it has come: this is as much of it as is there. */
  tooLarge(client: ClientConnection, message: Message): void;
}

/** How a message goes on: not always as it came, and with a record or without. */
export interface Way {
  readonly message: Message;
  readonly trace: MessageTrace | null;
}

/** One thing that happened to the message: what is published about it, keys in order; undefined ones are left out. */
export interface Station {
  readonly type: string;
  readonly ts: string;
  readonly [key: string]: unknown;
}

/** The record that goes with a message. */
export interface MessageTrace {
  /** Nobody is to get the message. */
  readonly isOnly: boolean;
  /** Where the report will be published. One character for each byte. */
  readonly destination: string;
  /** How it came in, and under which subject; `error` says why it goes no further, and is empty when it does. */
  enter(client: ClientConnection, message: Message, subject: string, error: string): void;
  /** The account's mappings gave it another subject. */
  map(message: Message, subject: string): void;
  add(message: Message, type: string, facts: Readonly<Record<string, unknown>>): void;
  /** Has one receiver in this process take the message. Answers whether it did, or would have. */
  serve(subscription: Subscription, message: Message): boolean;
  /** Has it sent over a link, once. Answers as `serve` does. */
  send(link: Link, message: Message, subscriptions: readonly Subscription[], members: readonly Subscription[]): boolean;
  /** Somebody will have more to say later: no report before as many calls of `release`. */
  hold(): void;
  release(): void;
}
