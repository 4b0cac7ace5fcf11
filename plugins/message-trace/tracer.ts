/** Decides which messages are traced, and publishes what was written down about them. */
import {
  type Account,
  type Broker,
  type ClientConnection,
  type Connection,
  hasWildcard,
  isReserved,
  isValidSubject,
  type LinkTracing,
  type Message,
  type MessageTracer,
  quoted,
  type Way,
  withHeaderField,
} from '../../kernel/plugin-api.ts';
import { traceEvent } from './event.ts';
import { type HeaderFields, readHeaderFields } from './header-fields.ts';
import { HeaderScan } from './header-scan.ts';
import { TraceRecord, type TraceRequest } from './record.ts';
import type { ServerStamp } from './server-stamp.ts';
import { DESTINATION, DISABLED, readTraceWish, type TraceWish } from './trace-headers.ts';

const WISH = new HeaderScan({ text: DESTINATION, ignoresCase: false });
/** For accounts that want to hear about foreign traces; the beginning of the name is as long as the other word. */
const WISH_OR_PARENT = new HeaderScan(
  { text: DESTINATION.slice(0, 'traceparent'.length), ignoresCase: false },
  { text: 'traceparent', ignoresCase: true },
);
const TOO_LARGE = 'maximum payload exceeded';
const SAMPLED_ALL = 100;

/** A message, what it came by, and the account it came into. */
interface Incoming {
  readonly connection: Connection;
  readonly account: Account;
  readonly message: Message;
}

export class HeaderTracer implements MessageTracer {
  readonly #broker: Broker;
  readonly #stamp: ServerStamp;
  #isClosed = false;

  constructor(broker: Broker, stamp: ServerStamp) {
    this.#broker = broker;
    this.#stamp = stamp;
  }

  examine(client: ClientConnection, message: Message): Way | 'drop' | null {
    const request = this.#requestIn({ connection: client, account: client.account, message });
    if (request === null || request === 'drop') return request;
    if (request === 'mark') return { message: withHeaderField(message, DESTINATION, DISABLED), trace: null };
    if (!this.#hasPlace(client, request)) return request.isOnly ? 'drop' : null;
    const { destination } = request;
    if (mayReport(client, destination)) return { message, trace: this.#recordOf(client.account, request) };
    this.#refuse(client, quoted(destination));
    return 'drop';
  }

  /** Whether it may be traced was decided where it was published. */
  follow(link: Connection, account: Account, message: Message, tracing: LinkTracing): TraceRecord | 'drop' | null {
    const request = this.#requestIn({ connection: link, account, message });
    if (request === null || request === 'drop') return request;
    if (request === 'mark') return null;
    if (!this.#hasPlace(link, request)) return request.isOnly ? 'drop' : null;
    const trace = this.#recordOf(account, request);
    trace.comeIn(tracing, message, message.subject, '');
    return trace;
  }

  tooLarge(client: ClientConnection, message: Message): void {
    const request = this.#requestIn({ connection: client, account: client.account, message });
    if (request === null || typeof request === 'string') return;
    if (!isDestination(request.destination) || !mayReport(client, request.destination)) return;
    const trace = this.#recordOf(client.account, request);
    trace.enter(client, message, message.subject, TOO_LARGE);
    trace.release();
  }

  /** Reports that are still being compressed are not published any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** What the message asks for; null: nothing. `mark`: it goes on as one that is not to be traced. */
  #requestIn(incoming: Incoming): TraceRequest | 'mark' | 'drop' | null {
    const { account, message } = incoming;
    const scan = account.trace === null ? WISH : WISH_OR_PARENT;
    const { headerStart, headerLength } = message;
    if (!scan.finds(message.bytes, headerStart, headerStart + headerLength)) return null;
    const fields = readHeaderFields(message.header);
    const wish = readTraceWish(fields);
    if (wish === null) return null;
    return this.#decide(incoming, fields, wish);
  }

  #decide(
    { account, connection, message }: Incoming,
    fields: HeaderFields,
    wish: TraceWish,
  ): TraceRequest | 'mark' | 'drop' | null {
    const isRelayed = message.originBit !== 0;
    const { size } = message;
    if (wish.destination === '' && account.trace === null) return null;
    if (wish.originAccount !== '') {
      const value = JSON.stringify(wish.originAccount);
      const text = `Message tracing disabled because of header "Nats-Trace-Origin-Account" with value=${value}`;
      this.#broker.logOf(connection).error(text);
      return wish.isOnly ? 'drop' : 'mark';
    }
    if (wish.destination === '' && !isRelayed && !this.#isSampled(account)) return 'mark';
    const destination = wish.destination === '' ? subjectOf(account) : wish.destination;
    const report = (trace: TraceRecord): void => this.#report(account, destination, fields, size, trace);
    return { destination, isOnly: wish.isOnly, hop: isRelayed ? wish.hop : '', report };
  }

  #hasPlace(connection: Connection, { destination }: TraceRequest): boolean {
    if (isDestination(destination)) return true;
    const text = `Destination ${quoted(destination)} is not valid, won't be able to trace events`;
    this.#broker.logOf(connection).error(text);
    return false;
  }

  #recordOf(account: Account, request: TraceRequest): TraceRecord {
    const { clock, watch } = this.#broker;
    return new TraceRecord(request, account.name, () => clock.now(), watch.traceHop);
  }

  #refuse(client: ClientConnection, subject: string): void {
    this.#broker.limitHits.publishPermissions++;
    client.sendError(`Permissions Violation for Publish to ${subject}`);
    this.#broker.logOf(client).error(`Publish Violation - Subject ${subject}`);
  }

  #isSampled({ trace }: Account): boolean {
    const percent = trace?.samplingPercent ?? SAMPLED_ALL;
    return percent >= SAMPLED_ALL || this.#broker.random.below(SAMPLED_ALL) < percent;
  }

  #report(account: Account, subject: string, fields: HeaderFields, size: number, trace: TraceRecord): void {
    const body = Buffer.from(traceEvent(this.#stamp(), fields, size, trace));
    const asked = fields.get('Accept-Encoding')?.[0] ?? '';
    if (asked === '') this.#broker.publisher.publish(account, { subject, body });
    else void this.#reportEncoded(account, subject, body, asked);
  }

  /** What compresses is loaded when somebody asks for it. */
  async #reportEncoded(account: Account, subject: string, body: Buffer, asked: string): Promise<void> {
    const { encode } = await import('./encoding.ts');
    encode(body, asked, this.#broker.clock, (encoded) => {
      if (!this.#isClosed) this.#broker.publisher.publish(account, { subject, ...encoded });
    });
  }
}

/** Configured subjects are text, those on the wire bytes. */
function subjectOf({ trace }: Account): string {
  return Buffer.from(trace?.subject ?? '', 'utf8').toString('latin1');
}

function isDestination(subject: string): boolean {
  return !hasWildcard(subject) && isValidSubject(subject);
}

/** The report is published in the name of whoever asks for it. */
function mayReport({ account, permissions }: ClientConnection, destination: string): boolean {
  const bytes = Buffer.from(destination, 'latin1');
  if (isReserved(bytes, 0, bytes.length, account.isSystem)) return false;
  return permissions === null || permissions.mayPublish(bytes, 0, bytes.length);
}
