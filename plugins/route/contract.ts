/** What other plugins may have of the cluster. Import it as types only. */

/** The capability `server.cluster`: which cluster this server belongs to. */
export interface ServerCluster {
  readonly name: string;
  /** It was made up, and may become another. */
  readonly isDynamic: boolean;
  /** The connections to other servers. */
  routes(): Iterable<RouteFigures>;
}

/** One connection, and what has passed over it. */
export interface RouteFigures {
  readonly id: number;
  /** Of the other server. */
  readonly name: string;
  readonly inMessages: number;
  readonly outMessages: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly pendingBytes: number;
}

/**
 * The capability `cluster.notes`: what servers of a cluster tell each other of themselves, for plugins that have something to
 * add. Each note is a key of INFO.
 */
export interface ClusterNotes {
  /** From the next INFO on; undefined takes it out again. At `listen`, or earlier, it is part of the first. */
  write(key: string, value: unknown): void;
  /** What the other servers say under that key, those that say something. */
  read(key: string): readonly unknown[];
  /** `changed` is called when servers come and go, or say something else. Answers how to stop. */
  follow(changed: () => void): () => void;
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
