/** What a `tls` block says, once read. */
import type { PeerOptions } from '../ocsp/contract.ts';

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Which of several, for messages: ` 1/2`; empty for the only one. */
  readonly label: string;
}

/** Off, at once, or at once unless the client waits so many milliseconds for INFO. */
export type HandshakeFirst = false | true | { readonly fallbackMs: number };

export interface TlsOptions {
  readonly certificates: readonly CertificateFiles[];
  /** Empty: the authorities this runtime trusts. */
  readonly authorityFile: string;
  /** As a client of another server, take any certificate. */
  readonly isInsecure: boolean;
  readonly verifies: boolean;
  /** The client's certificate says who it is. */
  readonly mapsIdentity: boolean;
  readonly checksKnownUrls: boolean;
  readonly timeoutMs: number;
  /** Handshakes a second; 0 for no limit. */
  readonly handshakesPerSecondMax: number;
  readonly handshakeFirst: HandshakeFirst;
  /** Hex of the SHA-256 of keys; empty for no such limit. */
  readonly pinnedKeys: ReadonlySet<string>;
  /** As Node's TLS wants them. */
  readonly ciphers: string;
  readonly curves: string;
  /** How the status of client certificates is checked; null for not at all. */
  readonly peerStatus: PeerOptions | null;
  readonly versionMin: 'TLSv1.2' | 'TLSv1.3';
}
