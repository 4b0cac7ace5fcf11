/** What a connection may do, as the message path asks it. Who decides that is a matter of plugins. */

/** Drops single messages of a subscription that is wider than what its owner may see. */
export interface DeliveryFilter {
  allows(bytes: Buffer, start: number, end: number): boolean;
}

/** Replies that may be published although nothing else allows it. */
export interface ReplyAllowance {
  /** Messages for each request; negative for any number. */
  max: number;
  /** Negative for ever. */
  ttlMs: number;
}

export interface Permissions {
  mayPublish(bytes: Buffer, start: number, end: number): boolean;
  /** `queue` is empty for a plain subscription. */
  maySubscribe(subject: string, queue: string): boolean;
  /** Null when every message of such a subscription may be delivered. */
  deliveryFilter(subject: string, queue: string): DeliveryFilter | null;
  readonly replies: ReplyAllowance | null;
}

/** Who a connection turned out to be. */
export interface Identity {
  account: string;
  /** What the log and the monitor show, for instance a user name; empty when nobody logged in. */
  user: string;
  permissions: Permissions | null;
  /** Limits of this user; absent or negative where there are none. */
  maxPayload?: number;
  maxSubscriptions?: number;
  /** Wall clock, milliseconds. The connection ends then. */
  expiresAt?: number;
  /** Further facts for the monitor and the events. */
  details?: Readonly<Record<string, unknown>>;
}
