/** The client's part of a TLS handshake: this server connects to another one. */
import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../../kernel/plugin-api.ts';
import type { ConnectOptions, SecureStream, TlsSettings } from './contract.ts';
import { type CheckedHandle, causeOf, chainOf, factsOf, ignore, secured } from './handshake.ts';
import { keyDigest } from './pinned-keys.ts';

const ADDRESS = /^[\d.]+$|:/;

export async function connect(
  stream: Duplex,
  settings: TlsSettings,
  clock: Clock,
  { host, timeoutMs }: ConnectOptions,
): Promise<SecureStream> {
  const { options, certificates, anonymous } = settings;
  const context = certificates[0]?.context ?? anonymous;
  if (context === null) throw new Error('there is nothing to make a TLS connection with');
  const socket = connectTls({
    socket: stream,
    secureContext: context,
    // What is found out about the certificate is judged below.
    rejectUnauthorized: false,
    ...(ADDRESS.test(host) ? {} : { servername: host }),
  });
  try {
    await secured(socket, stream, clock, timeoutMs ?? options.timeoutMs);
    if (!options.isInsecure) checkServer(socket, host);
    checkPins(socket, options.pinnedKeys);
    // A refusal of this side's certificate comes only now.
    socket.on('_tlsError', (error: Error) => socket.destroy(new Error(causeOf(error), { cause: error })));
    return {
      stream: socket,
      facts: factsOf(socket, { peerCertificates: chainOf(socket), isFirst: false, mapsIdentity: false }),
    };
  } catch (error) {
    socket.on('error', ignore).destroy();
    stream.on('error', ignore).destroy();
    throw new Error(causeOf(error as Error), { cause: error });
  }
}

function checkServer(socket: TLSSocket, host: string): void {
  const handle = (socket as CheckedHandle)._handle;
  if (typeof handle?.verifyError !== 'function')
    throw new Error('this runtime does not tell whether to trust the other server');
  const error = handle.verifyError() ?? checkServerIdentity(host, socket.getPeerCertificate(true));
  if (error != null) throw error;
}

function checkPins(socket: TLSSocket, pinnedKeys: ReadonlySet<string>): void {
  if (pinnedKeys.size === 0) return;
  const { raw } = socket.getPeerCertificate(true);
  if (raw === undefined || !pinnedKeys.has(keyDigest(new X509Certificate(raw))))
    throw new Error('certificate not pinned');
}
