/** What other plugins may have of leafs. Import it as types only. */

/** The capability `leaf.address`: where leafs connect, for whoever writes it down. */
export interface LeafAddress {
  /** Empty until it listens. */
  urls(): readonly string[];
}
