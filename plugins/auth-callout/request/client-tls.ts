/** What the service is told of a client's TLS, with its certificates as text. */
import type { TlsFacts } from '../../../kernel/plugin-api.ts';

const LINE = /.{1,64}/g;

/** Certificates are asked for only where they are verified, so the chain that is known is a verified one. */
export function clientTls(tls: TlsFacts | null): object | undefined {
  if (tls === null) return undefined;
  const { version, cipher, peerCertificates } = tls;
  if (peerCertificates.length === 0) return { version, cipher };
  return { version, cipher, verified_chains: [peerCertificates.map(certificateText)] };
}

function certificateText(der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').match(LINE) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
