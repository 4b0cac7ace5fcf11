/** Where a message left for: what is written down about each receiver. */
import type { Message, MessageTrace } from '../../kernel/plugin-api.ts';

/** The kind a client is in a station; whoever brings other kinds of connections knows their numbers. */
export const CLIENT_KIND = 0;

/** What it came by is called. */
export interface Ingress {
  readonly kind: number;
  readonly id: number;
  readonly name: string;
}

/** What a receiver is called in a station. */
export interface Egress extends Ingress {
  hop?: string;
  account?: string;
  pattern?: string;
  queue?: string;
}

/** What deliveries want of the record. */
export interface DeliveryRecord extends MessageTrace {
  /** One receiver; `error` says why it did not get the message, and is empty when it did. */
  leave(message: Message, egress: Egress, error: string): void;
  /** What the next server the message is sent to is told. */
  nextHop(): string;
}
