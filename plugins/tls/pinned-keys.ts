/** Keys that are pinned: no client may have another one. */
import { createHash, X509Certificate } from 'node:crypto';
import { type Broker, CloseReason, isClient } from '../../kernel/plugin-api.ts';
import type { TlsConfig } from './config.ts';

/** Hex of the SHA-256 of its SubjectPublicKeyInfo. */
export function keyDigest({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

export function haveSameKeys({ client: before }: TlsConfig, { client: after }: TlsConfig): boolean {
  return keysOf(before) === keysOf(after);
}

function keysOf(options: TlsConfig['client']): string {
  return [...(options?.pinnedKeys ?? [])].sort().join();
}

/** Clients that would not get in by the keys of now have to go. */
export function closeUnpinned(broker: Broker, keys: ReadonlySet<string> = new Set()): void {
  if (keys.size === 0) return;
  for (const connection of [...broker.connections.values()]) {
    const { kind, tls } = connection.transport;
    // Those within the process need no certificate, and other listeners have pins of their own.
    if (!isClient(connection) || (kind !== 'tls' && kind !== 'tcp')) continue;
    const certificate = tls?.peerCertificates[0];
    if (certificate !== undefined && keys.has(keyDigest(new X509Certificate(certificate)))) continue;
    connection.close(CloseReason.tlsHandshake);
  }
}
