/** What Node's TLS asks for the status of the certificate it is about to show: it asks its server, and this stands in for one. */
import { EventEmitter } from 'node:events';
import type { SecureContext, Server } from 'node:tls';
import type { CertificateStatuses } from '../ocsp/contract.ts';

/** Where a TLS server of Node keeps the context for clients that name no host. */
interface ServerParts {
  _sharedCreds: SecureContext | undefined;
}

export function staplingServer(statuses: CertificateStatuses, first: SecureContext | undefined): Server {
  const server = Object.assign(new EventEmitter(), { _sharedCreds: first } satisfies ServerParts);
  server.on('OCSPRequest', (certificate: Buffer, _issuer: Buffer | null, done: (...answer: unknown[]) => void) => {
    done(null, statuses.stapleFor(certificate));
  });
  // Only its listeners and the context are looked at.
  return server as unknown as Server;
}
