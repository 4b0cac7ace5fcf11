/** What other plugins may have of TLS: blocks like `tls`, and handshakes. Import it as types only. */

import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Disposer, Problems, TlsFacts } from '../../kernel/plugin-api.ts';
import type { ConnectionType } from '../auth/contract.ts';
import type { ServedCertificate as CertificateInFile } from '../ocsp/contract.ts';
import type { TlsOptions } from './tls-options.ts';

export type { TlsOptions } from './tls-options.ts';

/**
 * client: for listeners of clients and for connections to other servers in the part of a client. server: for links between servers,
 * which always ask for and check certificates.
 */
export type TlsRole = 'client' | 'server';

/** One certificate with everything else a handshake needs. */
export interface ServedCertificate extends CertificateInFile {
  readonly context: SecureContext;
  /** Whether the certificate is for that host. */
  covers(host: string): boolean;
}

/** A block that was read, with its files loaded. A reload makes new ones: ask for them at each handshake. */
export interface TlsSettings {
  readonly options: TlsOptions;
  /** The first is for those who ask for no host, or for one that no certificate covers. */
  readonly certificates: readonly ServedCertificate[];
  /** Milliseconds; when the first certificate expires. */
  readonly expiresAt: number;
  /** For connections to other servers where there is no certificate to show; otherwise null. */
  readonly anonymous: SecureContext | null;
}

/** What the connection's transport says of TLS, and the monitor shows. */
export interface HandshakeFacts extends TlsFacts {
  /** The handshake came before the first line of the protocol. */
  readonly isFirst: boolean;
  /** The peer's certificate says which user it is: its listener has `verify_and_map`. */
  readonly mapsIdentity: boolean;
}

export interface SecureStream {
  readonly stream: Duplex;
  readonly facts: HandshakeFacts;
}

export interface AcceptOptions {
  /** False: the peer is not asked for a certificate, whatever the block says, unless its status is to be checked. */
  readonly asksForCertificate?: boolean;
  /** Milliseconds for the handshake; the block's time when absent. */
  readonly timeoutMs?: number;
}

export interface ConnectOptions {
  /** Whom the other side has to prove to be: the name or address of the URL. */
  readonly host: string;
  /** Milliseconds for the handshake; the block's time when absent. */
  readonly timeoutMs?: number;
}

/** The capability `tls.contexts`. */
export interface TlsContexts {
  /** The settings of the client port; null when the block `tls` is absent. */
  readonly client: TlsSettings | null;
  /** Reads a block of the form of `tls` that stands somewhere else. */
  readBlock(node: unknown, role: TlsRole, problems: Problems): TlsOptions;
  /** Loads the files a block names; throws with the reason when one cannot be used. */
  load(options: TlsOptions): TlsSettings;
  /**
   * Sees to it that handshakes with these certificates show their OCSP status where they have to, until disposed. Rejects when that
   * cannot be. `kind` is what messages call the listener.
   */
  watchStatuses(settings: TlsSettings, kind: string): Promise<Disposer>;
  /**
   * A listener says whether its block has `verify_and_map` now: users who come that way need no password, so that their names alone must
   * not do at other listeners. Its connections are told by their certificates once `accept` made them secure.
   */
  mapsUsers(connectionType: ConnectionType, isOn: () => boolean): Disposer;
  /** Performs the server's part of a handshake. Rejects when it fails or takes too long; the stream is gone then. */
  accept(stream: Duplex, settings: TlsSettings, options?: AcceptOptions): Promise<SecureStream>;
  /**
   * Performs the client's part, towards another server. Its certificate is checked unless the block says `insecure`; pinned keys are
   * always. Rejects as `accept` does.
   */
  connect(stream: Duplex, settings: TlsSettings, options: ConnectOptions): Promise<SecureStream>;
  /**
   * Between servers, where `options.checksKnownUrls` is set: whether a DNS name of the peer's certificate (DER) is the host of one of the
   * configured URLs. False for what is no certificate.
   */
  namesKnownHost(certificate: Uint8Array, hosts: Iterable<string>): boolean;
}
