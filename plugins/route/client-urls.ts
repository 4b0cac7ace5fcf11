/** Where clients are told to connect to: this server, and the others of the cluster. */
import type { Broker } from '../../kernel/plugin-api.ts';
import { addressOf } from './route-url.ts';

/** Of this server alone; an address for each way to reach it. */
export function ownClientUrls({ advertised, options, ports, listener }: Broker): readonly string[] {
  if (listener.address === null) return [];
  const { host, port } = advertised;
  if (options.clientAdvertise !== '') return [addressOf({ host, port })];
  return reachable(host, ports.network.interfaceAddresses()).map((name) => addressOf({ host: name, port }));
}

function reachable(host: string, addresses: readonly string[]): readonly string[] {
  if (host === '::') return addresses;
  return host === '0.0.0.0' ? addresses.filter((address) => !address.includes(':')) : [host];
}
