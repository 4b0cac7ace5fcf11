/**
 * What this server wants of the others: for each account, subject, queue group and leaf's cluster, how much of it there is.
 *
 * Kept from the hooks of interest, of which the wishes of other servers of the cluster, and of other clusters, are no part.
 */
import {
  type Account,
  FROM_AFAR,
  FROM_BRANCH,
  FROM_PEER,
  FROM_TRUNK,
  InterestChanges,
  LINK_SINK,
  type Link,
  type Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';

/** In the place of a name, for leafs whose servers have no cluster. */
export const NO_CLUSTER = '_';

export interface Wish {
  readonly subject: string;
  readonly queue: string;
  /** Empty: the server's own; a cluster of leafs; or `NO_CLUSTER`. */
  readonly origin: string;
  /** Of a queue group how many members there are; 1 at least. */
  count: number;
}

export type AccountWishes = Map<string, Wish>;

/** Told of each change others have to know of. */
export interface LedgerListener {
  /** It is new, or a queue group has another number of members. */
  wanted(account: Account, wish: Wish): void;
  unwanted(account: Account, wish: Wish): void;
}

export class Ledger {
  private readonly listener: LedgerListener;
  private readonly accounts = new Map<Account, AccountWishes>();
  private readonly changes = new InterestChanges();

  constructor(listener: LedgerListener) {
    this.listener = listener;
  }

  wishesOf(account: Account): AccountWishes | undefined {
    return this.accounts.get(account);
  }

  all(): ReadonlyMap<Account, AccountWishes> {
    return this.accounts;
  }

  forget(account: Account): void {
    this.accounts.delete(account);
  }

  /** Everything that is there already. */
  fill(accounts: Iterable<Account>): void {
    for (const account of accounts) {
      for (const subscription of account.sublist.subscriptions()) this.note(account, subscription);
    }
  }

  /** The subscription was added, removed, or stands for another number of members. */
  note(account: Account, subscription: Subscription): void {
    if (subscription.staysHere || isOfOthers(subscription)) return;
    this.add(account, subscription, this.changes.of(subscription));
  }

  private add(account: Account, subscription: Subscription, change: number): void {
    if (change === 0) return;
    const origin = originOf(subscription);
    const wishes = this.wishesFor(account);
    const key = keyOf(subscription.pattern, subscription.queue, origin);
    const known = wishes.get(key);
    if (known === undefined) {
      if (change < 0) return;
      const { pattern: subject, queue } = subscription;
      const wish = { subject, queue, origin, count: change };
      wishes.set(key, wish);
      this.listener.wanted(account, wish);
      return;
    }
    known.count += change;
    if (known.count <= 0) {
      wishes.delete(key);
      this.listener.unwanted(account, known);
    } else if (known.queue !== '') {
      this.listener.wanted(account, known);
    }
  }

  private wishesFor(account: Account): AccountWishes {
    const known = this.accounts.get(account);
    if (known !== undefined) return known;
    const wishes: AccountWishes = new Map();
    this.accounts.set(account, wishes);
    return wishes;
  }
}

/** Subjects and queues have no spaces. */
export function keyOf(subject: string, queue: string, origin: string): string {
  if (origin !== '') return `${subject} ${queue} ${origin}`;
  return queue === '' ? subject : `${subject} ${queue}`;
}

/** Whose wish it is, out of its key. */
export function originIn(key: string): string {
  return key.split(' ', 3)[2] ?? '';
}

function isOfOthers({ kind, sink }: Subscription): boolean {
  return kind === LINK_SINK && ((sink as Link).originBit & (FROM_PEER | FROM_AFAR)) !== 0;
}

function originOf({ kind, sink }: Subscription): string {
  if (kind !== LINK_SINK) return '';
  const { originBit, remoteCluster = '' } = sink as Link;
  if ((originBit & (FROM_BRANCH | FROM_TRUNK)) === 0) return '';
  return remoteCluster === '' ? NO_CLUSTER : subjectFromText(remoteCluster);
}
