/** What /varz says of TLS. */
import type { ClientTls } from './client-opener.ts';

export function varzOf(client: ClientTls | null): Readonly<Record<string, unknown>> {
  if (client === null) return {};
  const { options, expiresAt } = client.settings;
  return {
    tls_required: client.config.allowsPlain ? undefined : true,
    tls_verify: options.verifies ? true : undefined,
    tls_ocsp_peer_verify: options.peerStatus === null ? undefined : true,
    tls_timeout: options.timeoutMs / 1000,
    tls_cert_not_after: expiresAt > 0 ? new Date(expiresAt).toISOString().replace('.000Z', 'Z') : undefined,
  };
}
