/** Messages the broker itself, or a plugin, publishes into an account; and services in this process that subscribe. */
import type { Account } from '../accounts/account.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Message } from './message.ts';
import { SERVICE_SINK, type ServiceSink, Subscription } from './subscription.ts';

export interface Outgoing {
  subject: string;
  reply?: string;
  /** A whole header block, from `NATS/1.0` to the empty line. */
  header?: Uint8Array;
  body?: Uint8Array | string;
  /** Who is not to be echoed. */
  origin?: object | null;
}

/** Takes a message, unless it answers false. The message is borrowed until the call returns. */
export type Handler = (message: Message, subscription: Subscription) => boolean | undefined;

export class Publisher {
  private readonly dispatcher: Dispatcher;
  /** One message for each depth of publishing while publishing. */
  private readonly idle: Message[] = [];

  constructor(dispatcher: Dispatcher) {
    this.dispatcher = dispatcher;
  }

  /** Answers how many took it. */
  publish(account: Account, outgoing: Outgoing): number {
    const message = this.idle.pop() ?? new Message();
    fill(message, outgoing);
    const plan = account.sublist.match(message.subjectBytes, message.subjectStart, message.subjectEnd);
    const count = plan.isEmpty ? 0 : this.dispatcher.dispatch(plan, message);
    message.origin = null;
    this.idle.push(message);
    return count;
  }

  /** Calls the handler for every message on the pattern, until the answer is called. */
  subscribe(account: Account, pattern: string, queue: string, handler: Handler): () => void {
    const subscription = new Subscription(new LocalService(handler), pattern, queue, '');
    account.sublist.insert(subscription);
    return () => void account.sublist.remove(subscription);
  }
}

class LocalService implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly handler: Handler;

  constructor(handler: Handler) {
    this.handler = handler;
  }

  deliver(message: Message, subscription: Subscription): boolean {
    return this.handler(message, subscription) !== false;
  }
}

/** Lays the message out as it would have come from a client. */
function fill(message: Message, { subject, reply = '', header, body, origin = null }: Outgoing): void {
  const content = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array(0));
  const headerLength = header?.length ?? 0;
  const total = headerLength + content.length;
  const sizes = headerLength > 0 ? `${headerLength} ${total}` : String(total);
  const bytes = Buffer.allocUnsafe(subject.length + reply.length + sizes.length + 2 + total + 2);
  message.bytes = bytes;
  message.subjectBytes = bytes;
  message.replyBytes = bytes;
  message.subjectStart = 0;
  message.subjectEnd = bytes.write(subject, 0, 'latin1');
  message.replyStart = message.subjectEnd;
  message.replyEnd = message.replyStart + bytes.write(reply, message.replyStart, 'latin1');
  message.sizesStart = message.replyEnd;
  message.sizesEnd = message.sizesStart + bytes.write(sizes, message.sizesStart, 'latin1');
  message.headerStart = message.sizesEnd + bytes.write('\r\n', message.sizesEnd, 'latin1');
  message.headerLength = headerLength;
  message.bodyStart = message.headerStart + headerLength;
  message.bodyEnd = message.bodyStart + content.length;
  if (header !== undefined) bytes.set(header, message.headerStart);
  bytes.set(content, message.bodyStart);
  bytes.write('\r\n', message.bodyEnd, 'latin1');
  message.isCanonical = true;
  message.origin = origin;
  message.originBit = 0;
  message.queues = null;
}
