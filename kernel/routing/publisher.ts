/** Messages the broker itself, or a plugin, publishes into an account; and services in this process that subscribe. */
import type { Account } from '../accounts/account.ts';
import { compose, type Outgoing } from './compose.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Message } from './message.ts';
import { SERVICE_SINK, type ServiceSink, Subscription } from './subscription.ts';

export type { Outgoing } from './compose.ts';

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
    compose(message, outgoing);
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
