/**
 * What is written down about a message that asks to be followed on its way.
 *
 * Whether a message is traced, and what becomes of the record, is decided by whoever stands on the broker as
 * `messageTracer`. Everything here happens to traced messages only, so it may allocate.
 */
import type { Account } from '../accounts/account.ts';
import type { Connection } from '../connection/connection.ts';
import type { Message } from './message.ts';
import { textFromSubject } from './subject.ts';

/** Looks at every message with a header that a client publishes, or another server sends. */
export interface MessageTracer {
  /**
   * Null for a message that is nobody's trace; it must not allocate for those. The message is borrowed. `account` is the one it came
   * into. What came over a line to another server has an `originBit`.
   */
  examine(publisher: Connection, account: Account, message: Message): TraceDecision | null;
}

export type TraceDecision =
  /** Follow it. */
  | { readonly action: 'trace'; readonly request: TraceRequest }
  /** Route it with this header field, in the place of any other of that name, and write nothing down. */
  | { readonly action: 'mark'; readonly name: string; readonly value: string }
  /** Forget it. */
  | { readonly action: 'drop' };

export interface TraceRequest {
  /** Where the report will be published: checked by the kernel. One character for each byte. */
  readonly destination: string;
  /** Nobody is to get the message. */
  readonly isOnly: boolean;
  /** The step this server is, as the server before numbered it; empty where the message came from a client. */
  readonly hop: string;
  /** Called once, when everybody who had a part in the message is done with it. */
  report(trace: MessageTrace): void;
}

/** One thing that happened to the message: what is published about it, keys in order; undefined ones are left out. */
export interface Station {
  readonly type: string;
  readonly ts: string;
  readonly [key: string]: unknown;
}

/** The kind a client is in a station; whoever brings other kinds of connections knows their numbers. */
export const CLIENT_KIND = 0;

/** What a receiver is called in a station. */
export interface Egress {
  kind: number;
  id: number;
  name: string;
  hop?: string;
  account?: string;
  pattern?: string;
  queue?: string;
}

/** Tells other servers which step of the way theirs is. */
export const HOP_HEADER = 'Nats-Trace-Hop';

export const TraceError = {
  remoteUnaware: 'Not delivered because remote does not support message tracing',
  remoteSilent: 'Message delivered but remote does not support message tracing so no trace event generated from there',
  noEcho: 'Not delivered because of no echo',
  publishDenied: 'Not delivered because publish denied for this subject',
  subscriptionDenied: 'Not delivered because subscription denies this subject',
  subscriptionClosed: 'Not delivered because subscription is closed',
  clientClosed: 'Not delivered because client is closed',
  limitReached: 'Not delivered because auto-unsubscribe exceeded',
  consumerSlow: 'Not delivered because fast producer not stalled and consumer is slow',
  payloadTooLarge: 'maximum payload exceeded',
} as const;

/** The hook `trace.hop`, while somebody taps it. */
interface Observer {
  readonly slot: ((message: Message, station: Station) => void) | null;
}

export class MessageTrace {
  readonly request: TraceRequest;
  readonly stations: Station[] = [];
  /** How many servers it was sent on to. */
  hops = 0;
  /** The account it came into. */
  readonly account: string;
  private readonly now: () => number;
  private readonly observer: Observer;
  private holds = 1;

  constructor(request: TraceRequest, account: string, now: () => number, observer: Observer) {
    this.request = request;
    this.account = account;
    this.now = now;
    this.observer = observer;
  }

  get isOnly(): boolean {
    return this.request.isOnly;
  }

  add(message: Message, type: string, facts: Readonly<Record<string, unknown>>): void {
    const station: Station = { type, ts: timestamp(this.now()), ...facts };
    this.stations.push(station);
    this.observer.slot?.(message, station);
  }

  /** How it came in; `error` says why it goes no further, and is empty when it does. */
  enter(message: Message, { kind, id, name }: Egress, subject: string, error: string): void {
    this.add(message, 'in', {
      kind,
      cid: id,
      name: unlessEmpty(name),
      acc: this.account,
      subj: textFromSubject(subject),
      error: unlessEmpty(error),
    });
  }

  /** The account's mappings gave it another subject. */
  map(message: Message, subject: string): void {
    this.add(message, 'sm', { to: textFromSubject(subject) });
  }

  /** One receiver; `error` says why it did not get the message, and is empty when it did. */
  leave(message: Message, { kind, id, name, hop, account, pattern, queue }: Egress, error: string): void {
    this.add(message, 'eg', {
      kind,
      cid: id,
      name: unlessEmpty(name),
      hop,
      acc: account === this.account ? undefined : account,
      sub: pattern === undefined ? undefined : textFromSubject(pattern),
      queue: queue === undefined || queue === '' ? undefined : textFromSubject(queue),
      error: unlessEmpty(error),
    });
  }

  /** What the next server the message is sent to is told. */
  nextHop(): string {
    this.hops++;
    const { hop } = this.request;
    return hop === '' ? String(this.hops) : `${hop}.${this.hops}`;
  }

  /** Somebody will have more to say later: no report before as many calls of `release`. */
  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
    if (this.holds === 0) this.request.report(this);
  }
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** RFC 3339 without zeros at the end of the fraction. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}
