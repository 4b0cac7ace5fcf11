/** What the server at the other end of one connection wants, by account; kept for accounts that are not here yet as well. */
import { type Account, type Clock, isWellFormed, type Subscription } from '../../../kernel/plugin-api.ts';
import type { RouteConnection } from '../route-connection.ts';
import { RouteLink } from '../route-link.ts';
import { keyOf } from './ledger.ts';

/** Of accounts that are not here, so many subjects are remembered for each connection. */
export const STRANGERS_MAX = 65_536;
/** What taking interest out may take of one turn. */
const SLICE_MS = 2;
const SLICE_CHECK = 64;

interface Wanted {
  readonly origin: string;
  readonly subject: string;
  readonly queue: string;
  weight: number;
}

export class ForeignInterest {
  private readonly connection: RouteConnection;
  private readonly links = new Map<Account, RouteLink>();
  private readonly strangers = new Map<string, Map<string, Wanted>>();
  private strangerCount = 0;
  /** Accounts that have a connection of their own: what is still said of them here does not count while they have. */
  private readonly departed = new Set<string>();

  constructor(connection: RouteConnection) {
    this.connection = connection;
  }

  get count(): number {
    let count = 0;
    for (const { subscriptions } of this.links.values()) count += subscriptions.size;
    return count;
  }

  *subscriptions(): Iterable<{ readonly account: Account; readonly subscription: Subscription }> {
    for (const { account, subscriptions } of this.links.values()) {
      for (const subscription of subscriptions.values()) yield { account, subscription };
    }
  }

  known(account: Account): RouteLink | undefined {
    return this.links.get(account);
  }

  linkFor(account: Account): RouteLink {
    const known = this.links.get(account);
    if (known !== undefined) return known;
    const link = new RouteLink(this.connection, account);
    this.links.set(account, link);
    return link;
  }

  want(name: string, origin: string, subject: string, queue: string, weight: number): void {
    const account = this.accountHere(name);
    if (account === undefined) this.wantOfStranger(name, { origin, subject, queue, weight });
    else this.linkFor(account).want(origin, subject, queue, weight);
  }

  unwant(name: string, key: string): void {
    const account = this.accountHere(name);
    if (account !== undefined) this.links.get(account)?.unwant(key);
    else if (this.strangers.get(name)?.delete(key) === true) this.strangerCount--;
  }

  /** Very old servers do not say which leaf's cluster it was: then any will do. */
  unwantOfAnyOrigin(name: string, subject: string, queue: string): void {
    const account = this.accountHere(name);
    const keys =
      account === undefined ? this.strangers.get(name)?.keys() : this.links.get(account)?.subscriptions.keys();
    const prefix = `${subject} ${queue} `;
    for (const key of keys ?? []) {
      if (!key.startsWith(prefix)) continue;
      this.unwant(name, key);
      return;
    }
  }

  /** The account is here now. */
  welcome(account: Account): void {
    const wanted = this.strangers.get(account.name);
    if (wanted === undefined || this.departed.has(account.name)) return;
    this.strangers.delete(account.name);
    this.strangerCount -= wanted.size;
    const link = this.linkFor(account);
    for (const { origin, subject, queue, weight } of wanted.values()) link.want(origin, subject, queue, weight);
  }

  /** The account is not here any more; it may come back. */
  bid(account: Account): void {
    const link = this.links.get(account);
    if (link === undefined) return;
    this.links.delete(account);
    this.connection.forgetAccount(account);
    for (const { pattern: subject, queue, sid: origin, weight } of link.subscriptions.values()) {
      this.wantOfStranger(account.name, { origin, subject, queue, weight });
    }
    account.sublist.removeAll(link.subscriptions.values());
  }

  /** From now on, and until `settle`, the account is served by a connection of its own. */
  depart(name: string): void {
    this.departed.add(name);
    const account = this.connection.broker.accounts.get(name);
    const link = account === undefined ? undefined : this.links.get(account);
    if (account === undefined || link === undefined) return;
    account.sublist.removeAll(link.subscriptions.values());
    link.subscriptions.clear();
  }

  /** That connection is gone: what was said here meanwhile counts. */
  settle(name: string): void {
    this.departed.delete(name);
    const account = this.accountHere(name);
    if (account !== undefined) this.welcome(account);
  }

  private accountHere(name: string): Account | undefined {
    return this.departed.has(name) ? undefined : this.connection.broker.accounts.get(name);
  }

  /** Takes out what may not be asked for any more. */
  review(mayBeAskedFor: (subject: string, queue: string) => boolean): void {
    for (const link of this.links.values()) {
      for (const [key, { pattern, queue }] of link.subscriptions) if (!mayBeAskedFor(pattern, queue)) link.unwant(key);
    }
  }

  /** The other side is gone. Much of it is taken out a little at a time; what is still there delivers nothing. */
  clear(): void {
    this.strangers.clear();
    this.strangerCount = 0;
    const { broker, cluster } = this.connection;
    for (const link of this.links.values()) cluster.traffic.keep(link);
    const rest = this.rest();
    removeSome(broker.clock, rest);
  }

  private *rest(): Generator<void> {
    for (const link of this.links.values()) {
      for (const subscription of link.subscriptions.values()) {
        link.account.sublist.remove(subscription);
        yield;
      }
      link.subscriptions.clear();
    }
    this.links.clear();
  }

  private wantOfStranger(name: string, wanted: Wanted): void {
    if (!isWellFormed(wanted.subject)) return;
    let ofAccount = this.strangers.get(name);
    if (ofAccount === undefined) {
      ofAccount = new Map();
      this.strangers.set(name, ofAccount);
      this.connection.log.debug(
        `interest in account ${JSON.stringify(name)}, which is not here, is kept for when it is`,
      );
    }
    const key = keyOf(wanted.subject, wanted.queue, wanted.origin);
    if (!ofAccount.has(key)) {
      if (this.strangerCount === STRANGERS_MAX) this.tellOfTooMany();
      if (this.strangerCount >= STRANGERS_MAX) return;
      this.strangerCount++;
    }
    ofAccount.set(key, wanted);
  }

  private hasTold = false;

  private tellOfTooMany(): void {
    if (this.hasTold) return;
    this.hasTold = true;
    this.connection.log.warn(`interest in accounts that are not here is not kept beyond ${STRANGERS_MAX} subjects`);
  }
}

function removeSome(clock: Clock, rest: Generator<void>): void {
  const until = clock.monotonic() + SLICE_MS;
  for (let step = 1; ; step++) {
    if (rest.next().done === true) return;
    if (step % SLICE_CHECK === 0 && clock.monotonic() >= until) break;
  }
  clock.soon(() => removeSome(clock, rest));
}
