/** The server's part of a TLS handshake over a stream somebody gives. */
import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type DetailedPeerCertificate, type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../kernel/plugin-api.ts';
import type { CertificateStatuses, PeerOptions } from '../ocsp/contract.ts';
import type { AcceptOptions, HandshakeFacts, SecureStream, TlsSettings } from './contract.ts';
import { keyDigest } from './pinned-keys.ts';
import { staplingServer } from './stapling-server.ts';

export interface Handshake extends AcceptOptions {
  readonly isFirst: boolean;
}

/** The other side did not finish in time. */
export class HandshakeTimeout extends Error {
  constructor() {
    super('TLS handshake timeout');
  }
}

/** Why a handshake failed, on one line and without the library's inner addresses. */
export function causeOf(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message.trim();
}

export interface HandshakeWorld {
  readonly clock: Clock;
  readonly statuses: CertificateStatuses | undefined;
}

export async function accept(
  stream: Duplex,
  settings: TlsSettings,
  { clock, statuses }: HandshakeWorld,
  handshake: Handshake,
): Promise<SecureStream> {
  const { options } = settings;
  const asks = options.verifies && (handshake.asksForCertificate !== false || options.peerStatus !== null);
  const first = settings.certificates[0]?.context;
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: first,
    ...(statuses?.hasStaples === true ? { server: staplingServer(statuses, first) } : {}),
    SNICallback: (host, done) => done(null, contextFor(host, settings)),
    requestCert: asks,
    rejectUnauthorized: asks,
  });
  try {
    await secured(socket, stream, clock, handshake.timeoutMs ?? options.timeoutMs);
    const chain = asks ? chainOf(socket) : [];
    if (asks) checkPeer(socket, chain[0], options.pinnedKeys);
    if (options.peerStatus !== null) await checkStatus(socket, chain, options.peerStatus, statuses);
    // What breaks from now on ends the stream; Node leaves that, too, to its own server.
    socket.on('_tlsError', (error: Error) => socket.destroy(error));
    return {
      stream: socket,
      facts: factsOf(socket, {
        peerCertificates: chain,
        isFirst: handshake.isFirst,
        mapsIdentity: options.mapsIdentity,
      }),
    };
  } catch (error) {
    socket.destroy();
    stream.destroy();
    throw error instanceof HandshakeTimeout ? error : new Error(causeOf(error as Error), { cause: error });
  }
}

function contextFor(host: string, { certificates }: TlsSettings): SecureContext | undefined {
  return (certificates.find((certificate) => certificate.covers(host)) ?? certificates[0])?.context;
}

export function secured(socket: TLSSocket, stream: Duplex, clock: Clock, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => settle(new HandshakeTimeout()));
    const gone = (): void => settle(new Error('the other side is gone'));
    const settle = (error: Error | null): void => {
      timer.cancel();
      socket.off('secure', succeed).off('_tlsError', settle).off('close', gone).off('end', gone);
      stream.off('error', settle).off('close', gone);
      if (error === null) {
        socket.off('error', settle);
        resolve();
      } else {
        // What else goes wrong while it is torn down is of no interest.
        socket.off('error', settle).on('error', ignore);
        stream.on('error', ignore);
        reject(error);
      }
    };
    const succeed = (): void => settle(null);
    socket.on('secure', succeed).on('error', settle).on('_tlsError', settle).on('close', gone).on('end', gone);
    stream.on('error', settle).on('close', gone);
  });
}

export function ignore(): void {}

/** Asking takes a while, in which the other side may go away. */
async function checkStatus(
  socket: TLSSocket,
  chain: readonly Uint8Array[],
  options: PeerOptions,
  statuses: CertificateStatuses | undefined,
): Promise<void> {
  socket.on('error', ignore);
  const isAcceptable = await statuses?.isAcceptable(chain, options);
  if (socket.destroyed) throw new Error('the other side is gone');
  if (isAcceptable !== true) throw new Error('client not OCSP valid');
  socket.off('error', ignore);
}

/** Node leaves it to its own server to act on what the check of the certificate found; this stands in for it. */
export interface CheckedHandle {
  readonly _handle?: { verifyError?(): Error | null } | null;
}

function checkPeer(socket: TLSSocket, certificate: Uint8Array | undefined, pinnedKeys: ReadonlySet<string>): void {
  const handle = (socket as CheckedHandle)._handle;
  // Better nobody gets in than somebody unchecked.
  if (typeof handle?.verifyError !== 'function')
    throw new Error('this runtime does not tell whether to trust the peer');
  const error = handle.verifyError();
  if (error != null) throw error;
  if (certificate === undefined) throw new Error("client didn't provide a certificate");
  if (pinnedKeys.size > 0 && !pinnedKeys.has(keyDigest(new X509Certificate(certificate)))) {
    throw new Error('certificate not pinned');
  }
}

type GivenFacts = Pick<HandshakeFacts, 'isFirst' | 'mapsIdentity' | 'peerCertificates'>;

export function factsOf(socket: TLSSocket, given: GivenFacts): HandshakeFacts {
  const { standardName, name } = socket.getCipher();
  const { servername } = socket as { servername?: string | false };
  return {
    version: (socket.getProtocol() ?? '').replace('TLSv', ''),
    cipher: standardName ?? name,
    serverName: servername || '',
    ...given,
  };
}

/**
 * What the peer showed, and what its certificates led to. Node's `getPeerX509Certificate` is not used here: it takes a certificate out of the
 * chain, so that whoever asks afterwards misses it.
 */
export function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
