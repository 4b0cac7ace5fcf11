/** What the plugin knows of certificates: whether their issuers still stand by them. Import it as types only. */
import type { Disposer } from '../../kernel/plugin-api.ts';

/** A capability (one). */
export type CertificateStatusesCapability = 'tls.statuses';

/** A certificate somebody serves. All certificates are DER. */
export interface ServedCertificate {
  readonly certificate: Uint8Array;
  /** Null when nobody knows it. */
  readonly issuer: Uint8Array | null;
  /** Where it came from, for messages. */
  readonly file: string;
}

/** How a peer's certificates are checked: the block `ocsp_peer`. */
export interface PeerOptions {
  /** How long a responder may take. */
  readonly responderMs: number;
  readonly clockSkewMs: number;
  /** A peer that fails is let in, with a warning. */
  readonly warnsOnly: boolean;
  /** A status `unknown` is as good as `good`. */
  readonly unknownIsGood: boolean;
  readonly allowsUnreachable: boolean;
  /** How long a status counts that does not say when there will be news. */
  readonly lifetimeMs: number;
}

export interface CertificateStatuses {
  /**
   * Fetches the status of those that have to show it, and keeps it fresh until disposed. Rejects when one cannot be had, or is bad where
   * the configuration makes it a condition.
   */
  watch(served: readonly ServedCertificate[], kind: string): Promise<Disposer>;
  /** There is something to staple: otherwise nobody need ask. */
  readonly hasStaples: boolean;
  /** What goes with that certificate in a handshake; null for nothing. */
  stapleFor(certificate: Uint8Array): Uint8Array | null;
  /** Whether a peer may come in: its own certificate first, then those that vouch for it. */
  isAcceptable(chain: readonly Uint8Array[], options: PeerOptions): Promise<boolean>;
}
