/** `<prefix>_varz_*`: the numbers of /varz under the names that the exporter makes of them. */
import { NATS_VERSION } from '../../../kernel/plugin-api.ts';
import { type Family, gauge, type Sample } from '../exposition/family.ts';
import type { Look } from '../look.ts';

/** Numbers of plugins are as many as their blocks make them. */
export const VARZ_MAX = 1000;

/** Texts that become a series with the text as its label, or a time. */
const SHOWN_TEXTS = new Set([
  'server_id',
  'server_name',
  'version',
  'domain',
  'leader',
  'name',
  'start',
  'config_load_time',
]);
/** Left out by the exporter. */
const LEFT_OUT = new Set([
  'leaf',
  'trusted_operators_claim',
  'cluster_tls_timeout',
  'cluster_cluster_port',
  'cluster_auth_timeout',
  'gateway_port',
  'gateway_auth_timeout',
  'gateway_tls_timeout',
  'gateway_connect_retries',
]);

const HELP: Readonly<Record<string, string>> = {
  auth_timeout: 'Seconds a client may take to log in.',
  config_load_time: 'When the configuration was last read, in milliseconds since 1970.',
  connections: 'Clients that are connected.',
  cores: 'Processors of the machine.',
  cpu: 'Percent of one processor this process used since the last look.',
  gomaxprocs: 'Threads that move messages.',
  in_bytes: 'Bytes of messages received.',
  in_client_bytes: 'Bytes of messages received from clients.',
  in_client_msgs: 'Messages received from clients.',
  in_msgs: 'Messages received.',
  leafnodes: 'Connections of leaf nodes.',
  max_connections: 'Clients that may be connected.',
  max_control_line: 'Bytes a protocol line may have.',
  max_payload: 'Bytes a message may have.',
  max_pending: 'Bytes that may wait for one client.',
  max_subscriptions: 'Subscriptions a client may have.',
  mem: 'Bytes of memory this process holds.',
  out_bytes: 'Bytes of messages sent.',
  out_client_bytes: 'Bytes of messages sent to clients.',
  out_client_msgs: 'Messages sent to clients.',
  out_msgs: 'Messages sent.',
  ping_interval: 'Nanoseconds between two pings.',
  ping_max: 'Pings that may stay without an answer.',
  port: 'The port of clients.',
  proto: 'Version of the client protocol.',
  remotes: 'Servers of the cluster this one has routes to.',
  routes: 'Connections to other servers of the cluster.',
  server_id: 'The id of the server, as a label.',
  server_name: 'The name of the server, as a label.',
  slow_consumers: 'Connections cut off because they were too slow.',
  slow_consumer_stats_clients: 'Clients cut off because they were too slow.',
  stale_connections: 'Connections cut off because they did not answer pings.',
  stale_connection_stats_clients: 'Clients cut off because they did not answer pings.',
  stalled_clients: 'Times a producer was held up for a slow receiver.',
  start: 'When the server was started, in milliseconds since 1970.',
  subscriptions: 'Subscriptions.',
  tls_timeout: 'Seconds a TLS handshake may take.',
  total_connections: 'Connections ever accepted.',
  version: 'The version of NATS this server is compatible with, as a label.',
  write_deadline: 'Nanoseconds one write may take.',
};

export function* varzFamilies({ prefix }: Look, varz: object): Iterable<Family> {
  let left = VARZ_MAX;
  for (const [path, value] of flattened(varz, '')) {
    if (left-- === 0) return;
    yield gauge(`${prefix}_varz_${path}`, HELP[path] ?? `What /varz says of ${path}.`, [sampleOf(value)]);
  }
}

/** As the monitor shows it, as far as it is numbers, with what other plugins say in its place. */
export function varzOf(look: Look): Record<string, unknown> {
  const varz: Record<string, unknown> = { ...identity(look), ...options(look), ...figures(look) };
  for (const section of look.sections) Object.assign(varz, section.varz?.());
  return varz;
}

function identity({ broker, configLoadedAt }: Look): object {
  return {
    server_id: broker.identity.id,
    server_name: broker.name,
    version: NATS_VERSION,
    proto: 1,
    port: broker.advertised.port,
    start: new Date(broker.startedAt).toISOString(),
    config_load_time: new Date(configLoadedAt).toISOString(),
  };
}

function options({ broker }: Look): object {
  const { options: kernel } = broker;
  return {
    max_connections: kernel.maxConnections,
    max_subscriptions: kernel.maxSubscriptions > 0 ? kernel.maxSubscriptions : undefined,
    ping_interval: kernel.pingIntervalMs * 1e6,
    ping_max: kernel.pingMax,
    auth_timeout: kernel.authTimeoutMs / 1000,
    max_control_line: kernel.maxControlLine,
    max_payload: kernel.maxPayload,
    max_pending: kernel.maxPending,
    tls_timeout: 2,
    write_deadline: kernel.writeDeadlineMs * 1e6,
  };
}

function figures({ broker, process, reading }: Look): object {
  const { traffic, clientTraffic } = reading;
  const byKind = { clients: 0, routes: 0, gateways: 0, leafs: 0 };
  return {
    mem: process.residentBytes,
    cores: process.cores,
    gomaxprocs: 1,
    cpu: process.cpuPercent,
    connections: reading.connectionsByKind.get('client'),
    total_connections: broker.totalConnections,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: traffic.inMessages,
    in_bytes: traffic.inBytes,
    in_client_msgs: clientTraffic.inMessages,
    in_client_bytes: clientTraffic.inBytes,
    out_msgs: traffic.outMessages,
    out_bytes: traffic.outBytes,
    out_client_msgs: clientTraffic.outMessages,
    out_client_bytes: clientTraffic.outBytes,
    slow_consumers: broker.slowConsumerCount,
    stale_connections: broker.staleConnections,
    stalled_clients: broker.flow.stalls,
    subscriptions: reading.sublists.subscriptions,
    slow_consumer_stats: { ...byKind, clients: broker.slowConsumerCount },
    stale_connection_stats: { ...byKind, clients: broker.staleConnections },
    disk_io_wait_stats: { waiters: 0, waits: 0, wait_time: 0, max_wait_time: 0 },
  };
}

type Shown = number | string;

function* flattened(object: object, path: string): Iterable<readonly [string, Shown]> {
  for (const [key, value] of Object.entries(object)) {
    const name = nameOf(path === '' ? key : `${path}_${key}`);
    if (LEFT_OUT.has(name)) continue;
    if (typeof value === 'number' || typeof value === 'bigint') yield [name, Number(value)];
    else if (typeof value === 'string' && SHOWN_TEXTS.has(key)) yield [name, value];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) yield* flattened(value, name);
  }
}

function nameOf(path: string): string {
  return path.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_|_$/g, '');
}

const TIME = /^\d{4}-\d\d-\d\dT/;

function sampleOf(value: Shown): Sample {
  if (typeof value === 'number') return { value };
  const time = TIME.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? { value: 1, labels: { value } } : { value: time };
}
