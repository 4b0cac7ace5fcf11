/**
 * What a reload means for those who are logged in: each is asked again, with what it said in its CONNECT.
 *
 * The kernel's own login does the asking: it holds the client's input up, so nothing runs under permissions that are no
 * longer true. Around it stands what is different from a first login.
 */
import { quoted } from '../../protocols/client/frames.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import {
  type Broker,
  type Client,
  type CloseReason,
  type Connection,
  GLOBAL_ACCOUNT,
  isClient,
} from './kernel-terms.ts';

type Subscription = Client['subscriptions'] extends ReadonlyMap<string, infer Value> ? Value : never;

const CLIENT_CLOSED: CloseReason = 'Client Closed';

interface Before {
  readonly options: Client['options'];
  readonly account: Client['account'];
  readonly tracksReplies: boolean;
}

export class Relogin {
  private readonly broker: Broker;
  private readonly gatekeeper: Gatekeeper;
  private readonly underWay = new Map<Connection, Before>();

  constructor(broker: Broker, gatekeeper: Gatekeeper) {
    this.broker = broker;
    this.gatekeeper = gatekeeper;
  }

  askEverybody(): void {
    for (const connection of [...this.broker.connections.values()]) {
      if (isClient(connection)) this.ask(connection);
    }
  }

  /** For the hook `connection.authenticated`. */
  authenticated(connection: Connection): void {
    const before = this.underWay.get(connection);
    if (before === undefined || !isClient(connection)) return;
    this.forget(connection);
    connection.options = before.options;
    if (connection.account === before.account) reviewAll(connection, before);
    else moveOut(connection, before);
  }

  /** For the hook `connection.closed`. */
  closed(connection: Connection): void {
    this.forget(connection);
  }

  private forget(connection: Connection): void {
    this.underWay.delete(connection);
    this.gatekeeper.returning.delete(connection);
  }

  private ask(client: Client): void {
    // Whoever has not logged in yet, or is about to, is judged by the new configuration anyway.
    if (client.isClosed || client.awaitsConnect || this.underWay.has(client)) return;
    if (this.hasLeft(client)) {
      client.close(CLIENT_CLOSED);
      return;
    }
    const { options, account } = client;
    this.underWay.set(client, { options, account, tracksReplies: client.replies !== null });
    this.gatekeeper.returning.add(client);
    // A verbose client expects no +OK for what it did not ask for.
    client.options = { ...options, verbose: false };
    client.beforeConnect();
  }

  /** Its user is gone, or is in another account now: it has to come back. */
  private hasLeft({ identity, account }: Client): boolean {
    const user = identity === null ? undefined : this.gatekeeper.userOf(identity);
    if (user === undefined || user.name === '')
      return !this.gatekeeper.isLoginRequired && account.name !== GLOBAL_ACCOUNT;
    return this.accountNowOf(user.name) !== user.account;
  }

  private accountNowOf(name: string): string | undefined {
    const { current } = this.gatekeeper;
    const isOpen = current.single !== null || !this.gatekeeper.isLoginRequired;
    return isOpen ? GLOBAL_ACCOUNT : current.find(name)?.account;
  }
}

/** Whoever knows the client has put it into another account, where its subscriptions are not. */
function moveOut(client: Client, { account }: Before): void {
  account.sublist.removeAll(client.subscriptions.values());
  client.subscriptions.clear();
  client.close(CLIENT_CLOSED);
}

function reviewAll(client: Client, before: Before): void {
  for (const subscription of [...client.subscriptions.values()]) review(client, subscription, before);
}

function review(client: Client, subscription: Subscription, before: Before): void {
  const { pattern, queue, sid } = subscription;
  if (client.permissions !== null && !client.permissions.maySubscribe(pattern, queue)) {
    client.endSubscription(subscription);
    const inQueue = queue === '' ? '' : ` using queue ${quoted(queue)}`;
    client.sendError(`Permissions Violation for Subscription to ${quoted(pattern)}${inQueue} (sid ${quoted(sid)})`);
    return;
  }
  const filter = client.permissions?.deliveryFilter(pattern, queue) ?? null;
  const isServedAlike = (filter === null) === (subscription.filter === null);
  if (isServedAlike && before.tracksReplies === (client.replies !== null)) subscription.filter = filter;
  else subscribeAnew(client, subscription);
}

/** How a subscription is served is settled when it is made. What it has had, and may still get, is kept. */
function subscribeAnew(client: Client, subscription: Subscription): void {
  const { pattern, queue, sid, delivered, max } = subscription;
  const { options } = client;
  client.endSubscription(subscription);
  client.options = { ...options, verbose: false };
  client.subscribe(pattern, queue, sid);
  const again = client.subscriptions.get(sid);
  if (again !== undefined) again.delivered = delivered;
  if (max > 0) client.unsubscribe(sid, max);
  client.options = options;
}
