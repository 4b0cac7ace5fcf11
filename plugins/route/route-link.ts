/** One account's interest at the other end of one connection, and the way its messages go there. */
import {
  type Account,
  CROSSED_BY_STREAM,
  FALLBACK,
  FROM_PEER,
  FROM_TRUNK,
  isWellFormed,
  LINK_SINK,
  type Link,
  type LinkManner,
  type LinkTracing,
  type Message,
  PlanMemo,
  Subscription,
  subjectFromText,
  type Traffic,
  writeMessage,
} from '../../kernel/plugin-api.ts';
import { keyOf, NO_CLUSTER } from './interest/ledger.ts';
import { isMeasured } from './measured.ts';
import type { RouteConnection } from './route-connection.ts';

const NO_MANNERS: ReadonlyMap<string, LinkManner> = new Map();
/** How traces number lines of this kind. */
const ROUTER_KIND = 1;

export class RouteLink implements Link, Traffic {
  readonly kind = LINK_SINK;
  readonly originBit = FROM_PEER;
  readonly refusesOrigins = FROM_PEER | FROM_TRUNK | CROSSED_BY_STREAM;
  readonly isFallback = false;
  readonly connection: RouteConnection;
  readonly account: Account;
  readonly tracing: LinkTracing;
  /** Where what comes in for this account leads. */
  readonly memo = new PlanMemo();
  readonly subscriptions = new Map<string, Subscription>();
  inMessages = 0;
  outMessages = 0;
  inBytes = 0;
  outBytes = 0;
  private readonly manner: LinkManner;
  /** For messages that entered the cluster through leafs, by their cluster. */
  private manners = NO_MANNERS;

  constructor(connection: RouteConnection, account: Account) {
    this.connection = connection;
    this.account = account;
    const { peer, id } = connection;
    this.tracing = { kind: ROUTER_KIND, id, name: peer?.name ?? '', isUnderstood: (peer?.proto ?? 0) >= 3 };
    const name = connection.namesAccounts ? `${account.name} ` : '';
    const headerHead = peer?.takesHeaders === true ? Buffer.from(`HMSG ${name}`, 'latin1') : null;
    this.manner = { plainHead: Buffer.from(`RMSG ${name}`, 'latin1'), headerHead, tellsHeaderLength: false };
  }

  deliver(message: Message, _subscriptions: unknown, members: readonly Subscription[]): boolean {
    const { connection } = this;
    if (connection.isClosed) return false;
    if (isMeasured(message.subjectBytes, message.subjectStart, message.subjectEnd)) {
      connection.cluster.measures?.answered(this.account, message);
    }
    const isOfLeaf = message.originCluster !== '' && connection.peer?.knowsOrigins === true;
    const manner = isOfLeaf ? this.mannerFor(message.originCluster) : this.manner;
    const before = connection.outBytes;
    if (!writeMessage(connection, manner, message, members)) return false;
    this.outMessages++;
    this.outBytes += connection.outBytes - before;
    return true;
  }

  /** The other side wants this, or its group has another number of members. */
  want(origin: string, subject: string, queue: string, weight: number): void {
    const key = keyOf(subject, queue, origin);
    const known = this.subscriptions.get(key);
    if (known !== undefined) {
      if (queue !== '') this.account.sublist.setWeight(known, weight);
      return;
    }
    if (!isWellFormed(subject)) return;
    const subscription = new Subscription(this, subject, queue, origin === NO_CLUSTER ? '' : origin);
    subscription.weight = weight;
    if (origin !== '') subscription.flags |= FALLBACK;
    this.subscriptions.set(key, subscription);
    this.account.sublist.insert(subscription);
  }

  unwant(key: string): void {
    const subscription = this.subscriptions.get(key);
    if (subscription === undefined) return;
    this.subscriptions.delete(key);
    this.account.sublist.remove(subscription);
  }

  private mannerFor(cluster: string): LinkManner {
    const known = this.manners.get(cluster);
    if (known !== undefined) return known;
    const name = this.connection.namesAccounts ? `${this.account.name} ` : '';
    const head = Buffer.from(`LMSG ${subjectFromText(cluster)} ${name}`, 'latin1');
    const headerHead = this.manner.headerHead === null ? null : head;
    const manner = { plainHead: head, headerHead, tellsHeaderLength: true };
    this.manners = new Map([...this.manners, [cluster, manner]]);
    return manner;
  }
}
