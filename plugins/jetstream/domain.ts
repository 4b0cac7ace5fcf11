/** The realm the streams here belong to, for whoever connects servers; and the way to another one, for accounts that have none. */
import {
  type Account,
  type Broker,
  composed,
  MAY_ASK_SERVICES,
  type Message,
  type MessageTrace,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
} from '../../kernel/plugin-api.ts';
import { API_PREFIX } from '../../protocols/jetstream/api-subject.ts';
import type { StreamDomain } from '../leaf/contract.ts';
import type { JetStreamConfig } from './config.ts';

/** What asks streams, and publishes to the buckets in them. */
const REQUESTS = [`${API_PREFIX}>`, '$KV.>', '$OBJ.>'];

/** `streaming`: the accounts that have streams. */
export function realmOf(config: JetStreamConfig, streaming: ReadonlyMap<string, unknown>): StreamDomain {
  const { isEnabled, options, defaultDomains } = config;
  return {
    isOn: isEnabled,
    name: options.domain,
    isExtended: options.isExtended,
    defaults: defaultDomains,
    isOnFor: ({ name }: Account) => streaming.has(name),
  };
}

/** Requests of one account that name no domain, on their way to one. */
export class DefaultDomain implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly broker: Broker;
  private readonly account: Account;
  private readonly prefix: string;
  private readonly subscriptions: readonly Subscription[];

  constructor(broker: Broker, account: Account, domain: string) {
    this.broker = broker;
    this.account = account;
    this.prefix = `$JS.${domain}.API.`;
    this.subscriptions = REQUESTS.map((pattern) => {
      const subscription = new Subscription(this, pattern, '', '');
      // Each server does this for its own clients.
      subscription.staysHere = true;
      return subscription;
    });
    for (const subscription of this.subscriptions) account.sublist.insert(subscription);
  }

  deliver(message: Message): boolean {
    return this.pass(message, null);
  }

  deliverTraced(message: Message, _subscription: Subscription, trace: MessageTrace): boolean {
    return this.pass(message, trace);
  }

  close(): void {
    this.account.sublist.removeAll([...this.subscriptions]);
  }

  private pass(message: Message, trace: MessageTrace | null): boolean {
    const { originBit, subject } = message;
    if (originBit !== 0 && (originBit & MAY_ASK_SERVICES) === 0) return false;
    const rest = subject.startsWith(API_PREFIX) ? subject.slice(API_PREFIX.length) : subject;
    return passOn(this.broker, this.account, message, this.prefix + rest, trace);
  }
}

/** The same message by another name. Answers whether anybody took it. */
export function passOn(
  { dispatcher }: Broker,
  { sublist }: Account,
  message: Message,
  subject: string,
  trace: MessageTrace | null,
): boolean {
  const { reply, headerLength, header, body, origin } = message;
  const renamed = composed({ subject, reply, body, origin, ...(headerLength > 0 ? { header } : {}) });
  renamed.originBit = message.originBit;
  renamed.originCluster = message.originCluster;
  trace?.map(message, subject);
  const plan = sublist.matchSubject(subject);
  return (trace === null ? dispatcher.dispatch(plan, renamed) : dispatcher.dispatchTraced(plan, renamed, trace)) > 0;
}
