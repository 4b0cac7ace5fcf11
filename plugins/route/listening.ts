/** Where the listener is, in the forms in which that is said. */
import type { Address, Network } from '../../kernel/plugin-api.ts';
import { addressOf } from './route-url.ts';

/** Who listens everywhere can be reached by each address of the machine. */
export function urlsOf(scheme: string, { host, port }: Address, network: Network): string[] {
  const own = ['127.0.0.1', '::1', ...network.interfaceAddresses()];
  const hosts = host === '0.0.0.0' ? own.filter((name) => !name.includes(':')) : host === '::' ? own : [host];
  return hosts.map((name) => `${scheme}://${addressOf({ host: name, port })}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied',
};

export function listenFailure(where: Address, error: Error & { code?: string }): string {
  const reason = REASONS[error.code ?? ''] ?? error.message;
  return `Error listening on router port: ${where.port} - listen tcp ${addressOf(where)}: ${reason}`;
}
