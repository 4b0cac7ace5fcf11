/** Why this server connects to another one. */
import type { RouteUrl } from '../route-url.ts';

export interface Attempt {
  readonly url: RouteUrl;
  /** The configuration names it, rather than another server. */
  readonly isExplicit: boolean;
  /** The connection is to be for this account alone; empty: for what belongs on it. */
  readonly account: string;
  /** What is passed on in this server's INFO: whether the other side is to tell of this connection. */
  readonly gossipMode: number;
  /** Told once: the connection is in use. */
  succeeded(remoteId: string): void;
  /** Told once: it did not come about, or was given up before it was in use. */
  failed(outcome: Failure): void;
}

/**
 * self: this very server is there. known: that server is connected to already. never: it would fail for ever. mismatch: it
 * belongs to another cluster, so far. lost: anything else, and worth another try.
 */
export interface Failure {
  readonly kind: 'self' | 'known' | 'never' | 'mismatch' | 'lost';
  readonly remoteId?: string;
  /** Why there was no connection at all. */
  readonly error?: Error;
}
