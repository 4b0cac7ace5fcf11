/**
 * What an account wants, and from where: for each subject and queue group how much of it is this server's own, comes from
 * other servers, from leafs, or from hubs.
 *
 * Leafs come by the thousand and all want nearly the same, so nothing is kept for each of them: what one has to be told
 * follows from these sums, before a change and after it.
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
} from '../../../kernel/plugin-api.ts';
import { LOOP_PREFIX } from '../loop.ts';

/** Where interest comes from; `far` are leafs of other servers of the cluster. */
export type Source = 'own' | 'servers' | 'far' | 'leaf' | 'hub';

export interface Origin {
  readonly source: Source;
  /** Of leafs and hubs what their servers call themselves; see `LeafConnection.origin`. */
  readonly name: string;
}

interface Share {
  far: number;
  leafs: number;
  hubs: number;
}

export interface Wish {
  readonly subject: string;
  readonly queue: string;
  /** Later ones have higher numbers. */
  readonly serial: number;
  own: number;
  servers: number;
  far: number;
  leafs: number;
  hubs: number;
  /** What has a name, by name. Null while nothing has. */
  shares: Map<string, Share> | null;
}

/** Who is to be told. */
export interface Listener {
  readonly isHub: boolean;
  /** Its own name: it is not told of what comes from there. */
  readonly origin: string;
  /** It is not told of interest of leafs. */
  readonly isIsolated: boolean;
}

/** How much of it there is for that listener; of queue groups the members. */
export function amountFor(listener: Listener, { subject, own, servers, far, leafs, hubs, shares }: Wish): number {
  const share = shares?.get(listener.origin) ?? NO_SHARE;
  const hides = hidesLeafs(listener, subject);
  const here = own + (hides ? 0 : leafs - share.leafs);
  // A hub is told of this side only: what other servers and other hubs want is their business.
  if (listener.isHub) return here;
  return here + servers + hubs - share.hubs + (hides ? 0 : far - share.far);
}

/** Whether interest from there is any of its business. */
export function concerns(listener: Listener, subject: string, { source, name }: Origin): boolean {
  if (source === 'own') return true;
  if (source !== 'servers' && name === listener.origin) return false;
  if (source !== 'leaf' && listener.isHub) return false;
  return (source !== 'leaf' && source !== 'far') || !hidesLeafs(listener, subject);
}

/** Loops are to be found in isolation too. */
function hidesLeafs({ isIsolated }: Listener, subject: string): boolean {
  return isIsolated && !subject.startsWith(LOOP_PREFIX);
}

const NO_SHARE: Readonly<Share> = { far: 0, leafs: 0, hubs: 0 };

/** `change`: by how much what comes from there has grown. */
export type Changed = (wish: Wish, origin: Origin, change: number) => void;

export class Ledger {
  private readonly account: Account;
  private readonly changed: Changed;
  private readonly wishes = new Map<string, Wish>();
  private readonly changes = new InterestChanges();
  private lastSerial = 0;

  constructor(account: Account, changed: Changed) {
    this.account = account;
    this.changed = changed;
    for (const subscription of account.sublist.subscriptions()) this.note(subscription);
  }

  get size(): number {
    return this.wishes.size;
  }

  /** In the order of their serials. */
  all(): IterableIterator<Wish> {
    return this.wishes.values();
  }

  /** The subscription came, went, or stands for another number of members. */
  note(subscription: Subscription): void {
    const change = this.changes.of(subscription);
    if (change !== 0) this.add(subscription.pattern, subscription.queue, originOf(subscription), change);
  }

  /** Interest that no subscription stands for. */
  add(subject: string, queue: string, origin: Origin, change: number): void {
    const key = queue === '' ? subject : `${subject} ${queue}`;
    let wish = this.wishes.get(key);
    if (wish === undefined) {
      if (change < 0) return;
      wish = newWish(subject, queue, ++this.lastSerial);
      this.wishes.set(key, wish);
    }
    count(wish, origin, change);
    if (wish.own + wish.servers + wish.far + wish.leafs + wish.hubs === 0) this.wishes.delete(key);
    this.changed(wish, origin, change);
  }

  get accountName(): string {
    return this.account.name;
  }
}

function newWish(subject: string, queue: string, serial: number): Wish {
  return { subject, queue, serial, own: 0, servers: 0, far: 0, leafs: 0, hubs: 0, shares: null };
}

function count(wish: Wish, { source, name }: Origin, change: number): void {
  if (source === 'own') wish.own += change;
  else if (source === 'servers') wish.servers += change;
  else countShare(wish, PARTS[source], name, change);
}

const PARTS = { far: 'far', leaf: 'leafs', hub: 'hubs' } as const;

function countShare(wish: Wish, part: keyof Share, name: string, change: number): void {
  wish.shares ??= new Map();
  const share = wish.shares.get(name) ?? { far: 0, leafs: 0, hubs: 0 };
  share[part] += change;
  wish[part] += change;
  if (share.far + share.leafs + share.hubs === 0) wish.shares.delete(name);
  else wish.shares.set(name, share);
}

const OWN: Origin = { source: 'own', name: '' };
const SERVERS: Origin = { source: 'servers', name: '' };

/** What is interested on a line that leads into another account is this account's own. */
function originOf({ kind, sink, sid }: Subscription): Origin {
  if (kind !== LINK_SINK) return OWN;
  const { originBit } = sink as Link;
  if ((originBit & (FROM_BRANCH | FROM_TRUNK)) !== 0) return (sink as Link & { readonly origin: Origin }).origin;
  if ((originBit & (FROM_PEER | FROM_AFAR)) === 0) return OWN;
  return sid === '' ? SERVERS : { source: 'far', name: sid };
}
