/** Where the listener is, in the forms in which that is said. */
import type { Address, Network } from '../../kernel/plugin-api.ts';
import type { WebSocketConfig } from './config.ts';

export function hostAndPort({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Who listens everywhere can be reached by each address of the machine. */
export function urlsOf(scheme: string, { host, port }: Address, network: Network): string[] {
  const own = ['127.0.0.1', '::1', ...network.interfaceAddresses()];
  return reachable(host, own).map((name) => `${scheme}://${hostAndPort({ host: name, port })}`);
}

/** What clients are told, without a scheme: they keep the one they came with. */
export function connectUrlsOf({ advertise }: WebSocketConfig, { host, port }: Address, network: Network): string[] {
  if (advertise !== '') return [/:\d+$/.test(advertise) ? advertise : `${advertise}:${port}`];
  return reachable(host, network.interfaceAddresses()).map((name) => hostAndPort({ host: name, port }));
}

function reachable(host: string, addresses: readonly string[]): readonly string[] {
  if (host === '::') return addresses;
  return host === '0.0.0.0' ? addresses.filter((address) => !address.includes(':')) : [host];
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied',
};

export function listenFailure(where: Address, error: Error & { code?: string }): string {
  const reason = REASONS[error.code ?? ''] ?? error.message;
  return `Unable to listen for websocket connections: listen tcp ${hostAndPort(where)}: ${reason}`;
}
