/** /routez: the connections to other servers of the cluster. */
import { localWireTime, rttText, uptimeText, wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorEndpoint, MonitorQuery } from '../../monitoring/contract.ts';
import type { Cluster } from '../cluster.ts';
import { permissionsInInfo } from '../introduction.ts';
import type { RouteConnection } from '../route-connection.ts';

type Wish = ReturnType<MonitorQuery['subscriptions']>;

export function routezEndpoint(current: () => Cluster | null): MonitorEndpoint {
  return {
    path: '/routez',
    title: 'Routes',
    countedAs: '/routez',
    answer: (query) => answer(current(), query.subscriptions('subs')),
  };
}

function answer(cluster: Cluster | null, wish: Wish): MonitorAnswer {
  if (cluster === null) return { json: {}, status: 200 };
  const { broker, config } = cluster;
  const routes = [...cluster.connections].filter(({ remote }) => remote !== null);
  return {
    json: {
      server_id: broker.identity.id,
      server_name: broker.name,
      now: wireTime(broker.clock.now()),
      ...permissionsInInfo(config.permissions),
      num_routes: routes.length,
      routes: entries(routes, wish),
    },
  };
}

function* entries(routes: readonly RouteConnection[], wish: Wish): Generator<object> {
  for (const connection of routes) yield entry(connection, wish);
}

function entry(connection: RouteConnection, wish: Wish): object {
  const { peer, remote, transport, broker } = connection;
  const now = broker.clock.now();
  return {
    rid: connection.id,
    remote_id: remote?.id ?? '',
    remote_name: peer?.name ?? '',
    did_solicit: remote?.solicitation != null,
    is_configured: remote?.solicitation?.isExplicit === true,
    ip: transport.remote.host,
    port: transport.remote.port,
    start: localWireTime(connection.startedAt),
    last_activity: localWireTime(connection.lastInputAt),
    rtt: connection.liveness.rtt > 0 ? rttText(connection.liveness.rtt) : undefined,
    uptime: uptimeText(now - connection.startedAt),
    idle: uptimeText(now - connection.lastInputAt),
    ...Object.fromEntries([
      ['import', peer?.imports ?? undefined],
      ['export', peer?.exports ?? undefined],
    ]),
    pending_size: connection.outbound.pendingBytes,
    in_msgs: connection.inMessages,
    out_msgs: connection.outMessages,
    in_bytes: connection.inBytes,
    out_bytes: connection.outBytes,
    subscriptions: connection.foreign.count,
    ...subscriptionsIn(connection, wish),
    account: connection.dedicatedTo === '' ? undefined : textOf(connection.dedicatedTo),
    compression: connection.packing?.mode ?? connection.compression ?? undefined,
  };
}

function subscriptionsIn(connection: RouteConnection, wish: Wish): object {
  if (wish === 'none') return {};
  const all = [...connection.foreign.subscriptions()];
  if (all.length === 0) return {};
  if (wish === 'subjects') return { subscriptions_list: all.map(({ subscription }) => textOf(subscription.pattern)) };
  return {
    subscriptions_list_detail: all.map(({ account, subscription: { pattern, queue, delivered } }) => ({
      account: textOf(account.name),
      subject: textOf(pattern),
      qgroup: queue === '' ? undefined : textOf(queue),
      sid: textOf([account.name, pattern, ...(queue === '' ? [] : [queue])].join(' ')),
      msgs: delivered,
      cid: connection.id,
    })),
  };
}

/** The kernel keeps names and subjects one character a byte. */
function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
