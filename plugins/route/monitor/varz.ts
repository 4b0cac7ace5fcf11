/** What /varz says of the cluster. */
import type { Cluster } from '../cluster.ts';
import { addressOf } from '../route-url.ts';

const NANOSECONDS = 1_000_000;

export function varzOf(cluster: Cluster | null): Readonly<Record<string, unknown>> {
  if (cluster === null) return {};
  const { broker } = cluster;
  return {
    connect_urls: unlessNone(broker.connectUrls),
    ws_connect_urls: unlessNone(cluster.webSocketUrls()),
    cluster: clusterEntry(cluster),
    routes: [...cluster.connections].filter(({ remote }) => remote !== null).length,
    remotes: cluster.remotes.size,
  };
}

function clusterEntry(cluster: Cluster): object {
  const { config, address, tls } = cluster;
  return {
    name: cluster.name,
    addr: address?.host,
    cluster_port: address?.port,
    auth_timeout: cluster.loginMs / 1000,
    urls: unlessNone(cluster.dialer.urls.map(addressOf)),
    tls_timeout: tls === null ? 2 : tls.timeoutMs / 1000,
    tls_required: tls === null ? undefined : true,
    tls_verify: tls === null ? undefined : true,
    pool_size: config.poolSize,
    write_deadline: config.writeDeadlineMs > 0 ? config.writeDeadlineMs * NANOSECONDS : undefined,
    write_timeout: config.writeTimeout === 'default' ? undefined : config.writeTimeout,
    tls_cert_not_after: tls === null ? undefined : new Date(tls.settings.expiresAt).toISOString().replace('.000Z', 'Z'),
  };
}

function unlessNone(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}
