/** What other plugins may have of leafs, and what leafs take from others. Import it as types only. */
import type { Account } from '../../kernel/plugin-api.ts';

/** The capability `leaf.address`: where leafs connect, for whoever writes it down. */
export interface LeafAddress {
  /** Empty until it listens. */
  urls(): readonly string[];
}

/**
 * The capability `stream.domain`, of whoever keeps streams here: the realm they are in. Where nobody provides it there are no
 * streams.
 */
export interface StreamDomain {
  readonly isOn: boolean;
  /** Empty: it has no name. */
  readonly name: string;
  /** This server keeps none itself, and is to be a part of the realm of its hub. */
  readonly isExtended: boolean;
  /** By account, the domain of requests that name none. */
  readonly defaults: ReadonlyMap<string, string>;
  isOnFor(account: Account): boolean;
}
