/** Another server of the cluster, with all connections to it. */
import type { Timer } from '../../kernel/plugin-api.ts';
import { accountIndex } from './account-index.ts';
import type { PeerInfo } from './peer-info.ts';
import type { RouteConnection } from './route-connection.ts';
import type { RouteUrl } from './route-url.ts';

/** How this server came to connect to it; completing and renewing the connections is its business then. */
export interface Solicitation {
  readonly url: RouteUrl;
  readonly isExplicit: boolean;
  readonly gossipMode: number;
}

export interface RemoteSizes {
  /** Of this server; negative for none. */
  readonly own: number;
  readonly dedicated: ReadonlySet<string>;
}

export class Remote {
  readonly id: string;
  /** Of the connection that came first. */
  readonly peer: PeerInfo;
  /** The host that connection comes from, or leads to. */
  readonly seenAt: string;
  /** One connection for everything, as very old servers have it. */
  readonly isSingle: boolean;
  readonly pool: (RouteConnection | null)[];
  readonly dedicated = new Map<string, RouteConnection>();
  /** Null where only the other side connected. */
  solicitation: Solicitation | null = null;
  isLameDuck = false;
  /** What it said of itself last. */
  said: Readonly<Record<string, unknown>>;
  /** A connection to it is in use on both sides. */
  isSettled = false;
  /** All others have heard of it. */
  isTold = false;
  /** How often a connection was lost since the last sign that all is well, and when it is to be renewed. */
  losses = 0;
  refilling: Timer | null = null;
  /** Accounts for which the other side has asked for a connection of their own, or made one: it may make it again. */
  readonly invited = new Set<string>();
  /** Those for which it asks, as far as is known. */
  readonly requested = new Set<string>();
  /** Accounts that should have a connection of their own and are served by the pool, as there is none. */
  readonly onPool = new Set<string>();
  /** Connections for single accounts are waited for. */
  expecting: Timer | null = null;
  /** This side has closed all connections, to make them anew at once. */
  isRenewed = false;
  /** Replaced by a reload. */
  sizes: RemoteSizes;

  constructor(peer: PeerInfo, sizes: RemoteSizes, seenAt: string) {
    this.id = peer.id;
    this.peer = peer;
    this.seenAt = seenAt;
    this.said = peer.whole;
    this.sizes = sizes;
    this.isSingle = sizes.own < 1 || peer.poolSize === 0;
    const size = this.isSingle ? 1 : Math.max(sizes.own, peer.poolSize);
    this.pool = new Array<RouteConnection | null>(size).fill(null);
  }

  get connections(): RouteConnection[] {
    return [...this.pooled, ...this.dedicated.values()];
  }

  get pooled(): RouteConnection[] {
    return this.pool.filter((connection): connection is RouteConnection => connection !== null);
  }

  get isGone(): boolean {
    return this.dedicated.size === 0 && this.pool.every((connection) => connection === null);
  }

  /** The first that is there, of the pool if possible. */
  get first(): RouteConnection | null {
    return this.pool.find((connection) => connection !== null) ?? [...this.dedicated.values()][0] ?? null;
  }

  /** The other side connects as well. */
  get isAcceptedToo(): boolean {
    return this.connections.some(({ isSolicited }) => !isSolicited);
  }

  get freeIndex(): number {
    return this.pool.indexOf(null);
  }

  /** On which connection the account's interest is told; null while that is not there. */
  connectionFor(account: string): RouteConnection | null {
    if (this.isSingle || this.onPool.has(account)) return this.pooledFor(account);
    return this.dedicated.get(account) ?? (this.wantsOwnLine(account) ? null : this.pooledFor(account));
  }

  /** Which connection of the pool serves the account where it has none of its own. */
  pooledFor(account: string): RouteConnection | null {
    return this.pool[this.isSingle ? 0 : accountIndex(account, this.sizes.own)] ?? null;
  }

  wantsOwnLine(account: string): boolean {
    return this.sizes.dedicated.has(account) || this.requested.has(account);
  }

  /** Accounts that should have a connection of their own and have none. */
  get missingAccounts(): string[] {
    if (this.isSingle) return [];
    return [...new Set([...this.sizes.dedicated, ...this.requested])].filter((account) => !this.dedicated.has(account));
  }

  get isIncomplete(): boolean {
    return this.freeIndex >= 0 || this.missingAccounts.length > 0;
  }

  place(connection: RouteConnection): void {
    if (connection.dedicatedTo !== '') this.dedicated.set(connection.dedicatedTo, connection);
    else this.pool[connection.poolIndex] = connection;
  }

  remove(connection: RouteConnection): void {
    const at = this.pool.indexOf(connection);
    if (at >= 0) this.pool[at] = null;
    if (this.dedicated.get(connection.dedicatedTo) === connection) this.dedicated.delete(connection.dedicatedTo);
  }
}
