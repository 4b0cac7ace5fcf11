/** What other plugins may have of TLS: blocks like `tls`, and handshakes. Import it as types only. */

import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { ConfigNode, Log, Problems, TlsFacts, Transport } from '../../kernel/plugin-api.ts';
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

/** What a block is opened for. */
export interface BlockUse {
  readonly role: TlsRole;
  /** What messages call the listener. */
  readonly kind: string;
  readonly log: Log;
  /** What is wrong with a block that names no certificate; absent: nothing. */
  readonly withoutCertificate?: string;
  /**
   * How who comes by this listener is told from others: where its block has `verify_and_map`, they need no password, so that their
   * names alone must not do at other listeners. Absent: the block maps nobody.
   */
  readonly mapsUsersOf?: ConnectionType;
}

export interface BlockAccept {
  /** Milliseconds for the handshake; the block's time when absent. */
  readonly timeoutMs?: number;
  /** Hosts of the configured URLs: asked where the block has `verify_cert_and_check_known_urls`. */
  readonly knownHosts?: () => Iterable<string>;
}

/** A block that is in use. What it says may change; connections that are open stay as they are. */
export interface TlsBlock {
  readonly settings: TlsSettings;
  /** What a handshake may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Of a listener: sees to it that handshakes show their OCSP status where they have to. Rejects when that cannot be. */
  showStatuses(): Promise<void>;
  /** Rejects, and leaves things as they are, when the new block cannot be used. */
  replace(node: ConfigNode): Promise<void>;
  /** The files may have changed although the block did not. What worked goes on until something else works; never rejects. */
  renew(): Promise<void>;
  close(): void;
  /**
   * Whose name the certificate of the other side bears, in the order of `verify_and_map`. Undefined for nobody's, and where there is no
   * certificate.
   */
  userOf<User extends { readonly user: string }>(transport: Transport, users: readonly User[]): User | undefined;
  /** Whether the other side begins with a handshake (`handshake_first`) rather than waiting to be told who is there. */
  comesFirst(transport: Transport): Promise<boolean>;
  /** Performs the server's part of a handshake. Rejects when it fails or takes too long; the transport is gone then. */
  accept(transport: Transport, options?: BlockAccept): Promise<Transport>;
  /**
   * Performs the client's part, towards another server. Its certificate is checked unless the block says `insecure`; pinned keys are
   * always. Rejects as `accept` does.
   */
  connect(transport: Transport, options: ConnectOptions): Promise<Transport>;
}

/** The capability `tls.contexts`. */
export interface TlsContexts {
  /** The settings of the client port; null when the block `tls` is absent. */
  readonly client: TlsSettings | null;
  /**
   * Reads a block of the form of `tls` that stands somewhere else, and loads its files; throws with everything that is wrong. Whoever
   * opens a block closes it.
   */
  open(node: ConfigNode, use: BlockUse): TlsBlock;
  /** Reads a block and loads nothing, for those who do without handshakes of this plugin. */
  readBlock(node: unknown, role: TlsRole, problems: Problems): TlsOptions;
  /** Loads the files a block names; throws with the reason when one cannot be used. */
  load(options: TlsOptions): TlsSettings;
  /** The server's part of a handshake over any stream. Rejects when it fails or takes too long; the stream is gone then. */
  accept(stream: Duplex, settings: TlsSettings, options?: AcceptOptions): Promise<SecureStream>;
}
