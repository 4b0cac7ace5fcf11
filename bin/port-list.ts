/** Where clients and tools find the listeners of a running broker. */
import type { Network } from '../kernel/ports/ports.ts';
import type { Server } from '../kernel/server.ts';

/** As the ports file calls them. */
export type ListenerKind = 'nats' | 'monitoring' | 'cluster' | 'leafnodes' | 'websocket';
export type ListenerUrls = Readonly<Record<ListenerKind, readonly string[]>>;

/** What a plugin that listens provides. */
interface Listening {
  urls(): readonly string[];
}

export function portList(server: Server, network: Pick<Network, 'interfaceAddresses'>): ListenerUrls {
  const { capabilities } = server.host;
  const urlsOf = (capability: string): readonly string[] =>
    capabilities.all(capability).flatMap(({ value }) => (value as Listening).urls());
  return {
    nats: clientUrls(server, network),
    monitoring: urlsOf('monitor.address'),
    cluster: urlsOf('cluster.address'),
    leafnodes: urlsOf('leaf.address'),
    websocket: urlsOf('websocket.address'),
  };
}

function clientUrls({ address, host }: Server, network: Pick<Network, 'interfaceAddresses'>): string[] {
  if (address === null) return [];
  // The plugin may run for the sake of others.
  const tls = host.capabilities.find('tls.contexts')?.value as { readonly client: object | null } | undefined;
  const scheme = tls == null || tls.client === null ? 'nats' : 'tls';
  return hostsOf(address.host, network).map((name) => urlOf(scheme, name, address.port));
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
