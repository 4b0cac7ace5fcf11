/** /varz: the server at a glance. */
import { NATS_VERSION, nanoseconds, uptimeText, wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer } from '../contract.ts';
import { heading, type Monitor, shownOptions } from '../monitor.ts';

/** Switches of the reference server; none of what they switch is here unless a plugin says so. */
const FEATURE_FLAGS = {
  js_ack_fc_v2: false,
  js_api_reply_v2: false,
  js_raft_delete_range: false,
  js_snapshot_sources: false,
};

export function varz(monitor: Monitor): MonitorAnswer {
  const own: Record<string, unknown> = {
    ...identityKeys(monitor),
    ...optionKeys(monitor),
    ...timeKeys(monitor),
    ...trafficKeys(monitor),
    ...configurationKeys(monitor),
    ...troubleKeys(monitor),
  };
  for (const section of monitor.sections) Object.assign(own, section.varz?.());
  return { json: own };
}

/** Keys that are undefined keep a place for what plugins say. */
function identityKeys({ broker }: Monitor): object {
  const { host, port } = broker.advertised;
  const isAskedFor = broker.hooks.connectionAuthenticate.slot !== null;
  return {
    server_id: broker.identity.id,
    server_name: broker.name,
    version: NATS_VERSION,
    proto: 1,
    git_commit: undefined,
    go: `node${process.versions.node}`,
    host,
    port,
    ip: undefined,
    auth_required: isAskedFor ? true : undefined,
    tls_required: undefined,
    tls_verify: undefined,
    tls_ocsp_peer_verify: undefined,
    connect_urls: broker.connectUrls.length > 0 ? broker.connectUrls : undefined,
    ws_connect_urls: undefined,
  };
}

function optionKeys(monitor: Monitor): object {
  const { broker, config } = monitor;
  const { options } = broker;
  return {
    max_connections: options.maxConnections,
    max_subscriptions: options.maxSubscriptions > 0 ? options.maxSubscriptions : undefined,
    ping_interval: nanoseconds(options.pingIntervalMs),
    ping_max: options.pingMax,
    http_host: config.host === '' ? options.host : config.host,
    http_port: config.httpPort === 0 ? 0 : monitor.port,
    http_base_path: config.basePath,
    https_port: config.httpsPort === 0 ? 0 : monitor.port,
    auth_timeout: options.authTimeoutMs / 1000,
    max_control_line: options.maxControlLine,
    max_payload: options.maxPayload,
    max_pending: options.maxPending,
    cluster: {},
    gateway: {},
    leaf: {},
    mqtt: {},
    websocket: {},
    jetstream: {},
    tls_timeout: 2,
    write_deadline: nanoseconds(options.writeDeadlineMs),
    write_timeout: writeTimeout(monitor),
  };
}

function writeTimeout(monitor: Monitor): string | undefined {
  const { writeTimeout: policy } = shownOptions(monitor);
  return policy === 'default' ? undefined : policy;
}

function timeKeys(monitor: Monitor): object {
  const { broker, figures } = monitor;
  const { now } = heading(monitor);
  return {
    start: wireTime(broker.startedAt),
    now: wireTime(now),
    uptime: uptimeText(now - broker.startedAt),
    mem: figures.residentBytes,
    cores: figures.cores,
    // Everything here runs on one thread, whatever the machine has.
    gomaxprocs: 1,
    gomemlimit: undefined,
    cpu: figures.cpuPercent,
  };
}

function trafficKeys({ broker, tally }: Monitor): object {
  const { clients, others } = tally.count(broker.connections.values());
  const all = broker.traffic();
  const ofAccounts = broker.accounts.traffic();
  return {
    connections: clients,
    total_connections: broker.totalConnections,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: all.inMessages,
    in_bytes: all.inBytes,
    in_client_msgs: ofAccounts.inMessages - others.inMessages,
    in_client_bytes: ofAccounts.inBytes - others.inBytes,
    out_msgs: all.outMessages,
    out_bytes: all.outBytes,
    out_client_msgs: ofAccounts.outMessages - others.outMessages,
    out_client_bytes: ofAccounts.outBytes - others.outBytes,
    slow_consumers: broker.slowConsumerCount,
    stale_connections: broker.staleConnections,
    stalled_clients: broker.flow.stalls,
    subscriptions: broker.accounts.subscriptionCount,
  };
}

function configurationKeys(monitor: Monitor): object {
  const { serverTags = [], serverMetadata = {}, featureFlags = {}, configDigest = '' } = shownOptions(monitor);
  const system = monitor.broker.accounts.system;
  return {
    http_req_stats: Object.fromEntries([...monitor.requests].sort()),
    config_load_time: wireTime(monitor.configLoadedAt),
    config_digest: configDigest,
    tags: serverTags.length > 0 ? serverTags : undefined,
    metadata: Object.keys(serverMetadata).length > 0 ? serverMetadata : undefined,
    feature_flags: { ...FEATURE_FLAGS, ...featureFlags },
    trusted_operators_jwt: undefined,
    trusted_operators_claim: undefined,
    system_account: system?.name,
    pinned_account_fails: undefined,
    ocsp_peer_cache: undefined,
  };
}

/** Every one that is of no other kind was a client. */
function byKind(all: number, links: ReadonlyMap<string, number>): object {
  const [routes, gateways, leafs] = ['route', 'gateway', 'leaf'].map((kind) => links.get(kind) ?? 0);
  return { clients: all - routes! - gateways! - leafs!, routes, gateways, leafs };
}

function troubleKeys({ broker }: Monitor): object {
  return {
    slow_consumer_stats: byKind(broker.slowConsumerCount, broker.slowLinks),
    stale_connection_stats: byKind(broker.staleConnections, broker.staleLinks),
    disk_io_wait_stats: { waiters: 0, waits: 0, wait_time: 0, max_wait_time: 0 },
    proxies: undefined,
    tls_cert_not_after: undefined,
  };
}
