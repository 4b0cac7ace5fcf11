/** Writes down what passes over connections, for those who debug a protocol. Null on the broker unless asked for. */
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Connection } from './connection.ts';

export interface Tracer {
  input(connection: Connection, verb: string, ...words: string[]): void;
  /** What is sent, without messages. */
  output(connection: Connection, text: string): void;
  /** A subscription is gone, for whatever reason. */
  unsubscribed(connection: Connection, sid: string): void;
  connect(connection: Connection, json: string): void;
  publish(client: ClientConnection, message: Message): void;
  delivery(client: ClientConnection, subscription: Subscription, message: Message): void;
}
