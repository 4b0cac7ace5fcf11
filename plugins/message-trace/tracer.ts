/** Decides which messages are traced, and publishes what was written down about them. */
import type {
  Account,
  Broker,
  Log,
  Message,
  MessageTrace,
  MessageTracer,
  TraceDecision,
} from '../../kernel/plugin-api.ts';
import { encode } from './encoding.ts';
import { traceEvent } from './event.ts';
import { type HeaderFields, readHeaderFields } from './header-fields.ts';
import { HeaderScan } from './header-scan.ts';
import type { ServerStamp } from './server-stamp.ts';
import { DESTINATION, DISABLED, readTraceWish, type TraceWish } from './trace-headers.ts';

/** The connection a message came from. */
type Publisher = Parameters<MessageTracer['examine']>[0];

interface Wisher {
  readonly publisher: Publisher;
  readonly account: Account;
  readonly message: Message;
  readonly fields: HeaderFields;
  readonly wish: TraceWish;
}

const WISH = new HeaderScan({ text: DESTINATION, ignoresCase: false });
/** For accounts that want to hear about foreign traces; the beginning of the name is as long as the other word. */
const WISH_OR_PARENT = new HeaderScan(
  { text: DESTINATION.slice(0, 'traceparent'.length), ignoresCase: false },
  { text: 'traceparent', ignoresCase: true },
);
const DROP: TraceDecision = Object.freeze({ action: 'drop' });
const MARK_DISABLED: TraceDecision = Object.freeze({ action: 'mark', name: DESTINATION, value: DISABLED });
const SAMPLED_ALL = 100;

export class HeaderTracer implements MessageTracer {
  readonly #broker: Broker;
  readonly #stamp: ServerStamp;
  #isClosed = false;

  constructor(broker: Broker, stamp: ServerStamp) {
    this.#broker = broker;
    this.#stamp = stamp;
  }

  examine(publisher: Publisher, account: Account, message: Message): TraceDecision | null {
    const scan = account.trace === null ? WISH : WISH_OR_PARENT;
    const { headerStart, headerLength } = message;
    if (!scan.finds(message.bytes, headerStart, headerStart + headerLength)) return null;
    const fields = readHeaderFields(message.header);
    const wish = readTraceWish(fields);
    if (wish === null) return null;
    return this.#decide({ publisher, account, message, fields, wish });
  }

  /** Reports that are still being compressed are not published any more. */
  close(): void {
    this.#isClosed = true;
  }

  #decide({ publisher, account, message, fields, wish }: Wisher): TraceDecision | null {
    const isRelayed = message.originBit !== 0;
    if (wish.destination === '' && account.trace === null) return null;
    if (wish.originAccount !== '') {
      const value = JSON.stringify(wish.originAccount);
      const log: Log = this.#broker.logOf(publisher);
      log.error(`Message tracing disabled because of header "Nats-Trace-Origin-Account" with value=${value}`);
      return wish.isOnly ? DROP : MARK_DISABLED;
    }
    // The server it was published at has decided already.
    if (wish.destination === '' && !isRelayed && !this.#isSampled(account)) return MARK_DISABLED;
    const destination = wish.destination === '' ? subjectOf(account) : wish.destination;
    const { size } = message;
    const report = (trace: MessageTrace): void => this.#report(account, destination, fields, size, trace);
    return { action: 'trace', request: { destination, isOnly: wish.isOnly, hop: isRelayed ? wish.hop : '', report } };
  }

  #isSampled({ trace }: Account): boolean {
    const percent = trace?.samplingPercent ?? SAMPLED_ALL;
    return percent >= SAMPLED_ALL || this.#broker.random.below(SAMPLED_ALL) < percent;
  }

  #report(account: Account, subject: string, fields: HeaderFields, size: number, trace: MessageTrace): void {
    const body = Buffer.from(traceEvent(this.#stamp(), fields, size, trace));
    encode(body, fields.get('Accept-Encoding')?.[0] ?? '', this.#broker.clock, (encoded) => {
      if (!this.#isClosed) this.#broker.publisher.publish(account, { subject, ...encoded });
    });
  }
}

/** Configured subjects are text, those on the wire bytes. */
function subjectOf({ trace }: Account): string {
  return Buffer.from(trace?.subject ?? '', 'utf8').toString('latin1');
}
