/** What other plugins may have of the cluster. Import it as types only. */

/** The capability `server.cluster`: which cluster this server belongs to. */
export interface ServerCluster {
  readonly name: string;
  /** It was made up, and may become another. */
  readonly isDynamic: boolean;
}

/** The capability `cluster.address`: where other servers connect, for whoever writes it down. */
export interface ClusterAddress {
  /** Empty until it listens. */
  urls(): readonly string[];
}

/** The capability `server.peers`: how many other servers there are. */
export interface ServerPeers {
  readonly count: number;
}
