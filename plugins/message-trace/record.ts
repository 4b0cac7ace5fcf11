/** What is written down about a message on its way. All of this happens to traced messages only, so it may allocate. */
import {
  type ClientConnection,
  type Link,
  type Message,
  type MessageTrace,
  type Station,
  type Subscription,
  textFromSubject,
  wireTime,
} from '../../kernel/plugin-api.ts';
import { sendTraced, serveTraced } from './delivery.ts';
import { CLIENT_KIND, type DeliveryRecord, type Egress, type Ingress } from './egress.ts';

export interface TraceRequest {
  /** Where the report will be published: a subject the publisher may publish to. One character for each byte. */
  readonly destination: string;
  /** Nobody is to get the message. */
  readonly isOnly: boolean;
  /** The step this server is, as the server before numbered it; empty where the message came from a client. */
  readonly hop: string;
  /** Called once, when everybody who had a part in the message is done with it. */
  report(trace: MessageTrace): void;
}

/** The hook `trace.hop`, while somebody taps it. */
interface Observer {
  readonly slot: ((message: Message, station: Station) => void) | null;
}

export class TraceRecord implements MessageTrace, DeliveryRecord {
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

  get destination(): string {
    return this.request.destination;
  }

  add(message: Message, type: string, facts: Readonly<Record<string, unknown>>): void {
    const station: Station = { type, ts: wireTime(this.now()), ...facts };
    this.stations.push(station);
    this.observer.slot?.(message, station);
  }

  enter({ id, options: { name } }: ClientConnection, message: Message, subject: string, error: string): void {
    this.comeIn({ kind: CLIENT_KIND, id, name }, message, subject, error);
  }

  /** By whatever line. */
  comeIn({ kind, id, name }: Ingress, message: Message, subject: string, error: string): void {
    this.add(message, 'in', {
      kind,
      cid: id,
      name: unlessEmpty(name),
      acc: this.account,
      subj: textFromSubject(subject),
      error: unlessEmpty(error),
    });
  }

  map(message: Message, subject: string): void {
    this.add(message, 'sm', { to: textFromSubject(subject) });
  }

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

  nextHop(): string {
    this.hops++;
    const { hop } = this.request;
    return hop === '' ? String(this.hops) : `${hop}.${this.hops}`;
  }

  serve(subscription: Subscription, message: Message): boolean {
    return serveTraced(subscription, message, this);
  }

  send(
    link: Link,
    message: Message,
    subscriptions: readonly Subscription[],
    members: readonly Subscription[],
  ): boolean {
    return sendTraced(link, message, subscriptions, members, this);
  }

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
