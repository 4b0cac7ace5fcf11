/**
 * The capability `server.peers`: whoever connects servers says how many others there are. Without it there are none that are
 * known, which is what holds for a server alone.
 */
export const PEERS = 'server.peers';

export interface ServerPeers {
  /** Other servers that are reached through the system account now. */
  readonly count: number;
}
