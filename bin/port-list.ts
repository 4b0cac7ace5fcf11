/** Where clients and tools find the listeners of a running broker. */
import type { Network } from '../kernel/ports/ports.ts';
import type { Address } from '../kernel/ports/transport.ts';
import type { Server } from '../kernel/server.ts';
import type { PortList } from './process-files.ts';

/** One listener: how the ports file calls its kind, the scheme of its URLs, and where it listens. */
export interface ListenerAddress {
  readonly kind: string;
  readonly scheme: string;
  readonly address: Address;
}

/** The capability, a chain, under which plugins with listeners provide them: `() => readonly ListenerAddress[]`. */
export const LISTENER_ADDRESSES = 'listener.addresses';

export function portList(server: Server, network: Pick<Network, 'interfaceAddresses'>): PortList {
  const list: Record<string, string[]> = {};
  for (const { kind, scheme, address } of listenersOf(server)) {
    const hosts = hostsOf(address.host, network);
    list[kind] = [...(list[kind] ?? []), ...hosts.map((host) => urlOf(scheme, host, address.port))];
  }
  return list;
}

function* listenersOf(server: Server): Iterable<ListenerAddress> {
  const isSecure = server.host.describe().plugins.some(({ name }) => name === 'tls');
  if (server.address !== null) yield { kind: 'nats', scheme: isSecure ? 'tls' : 'nats', address: server.address };
  for (const { value } of server.host.capabilities.all(LISTENER_ADDRESSES)) {
    yield* (value as () => readonly ListenerAddress[])();
  }
}

/** Who listens everywhere can be found on this machine first of all, and then on each of its interfaces. */
function hostsOf(host: string, network: Pick<Network, 'interfaceAddresses'>): readonly string[] {
  const all = ['127.0.0.1', '::1', ...network.interfaceAddresses()];
  if (host === '0.0.0.0') return all.filter((address) => !address.includes(':'));
  return host === '::' ? all : [host];
}

function urlOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
