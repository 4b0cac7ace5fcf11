/** What this server says of itself to others of the cluster, and what it passes on of them. */
import { NATS_VERSION, type SubjectRules } from '../../kernel/plugin-api.ts';
import type { Cluster } from './cluster.ts';
import type { RoutePermissions } from './config.ts';
import type { PeerInfo } from './peer-info.ts';
import type { RouteConnection } from './route-connection.ts';
import type { RouteUrl } from './route-url.ts';
import { addressOf } from './route-url.ts';

/** The version of the protocol: 3 says that messages are traced as well. */
const PROTO = 3;
const NONCE_BYTES = 11;

export function connectOf(cluster: Cluster, { user, password }: RouteUrl): object {
  return {
    echo: true,
    verbose: false,
    pedantic: false,
    user: unlessEmpty(user),
    pass: unlessEmpty(password),
    tls_required: cluster.isSecure,
    headers: cluster.broker.options.supportsHeaders,
    name: cluster.broker.identity.id,
    cluster: cluster.name,
    cluster_dynamic: cluster.isDynamic ? true : undefined,
    lnoc: true,
    ln: true,
  };
}

export interface InfoWishes {
  readonly compression: string;
  readonly poolIndex?: number;
  readonly account?: string;
  readonly gossipMode?: number;
  readonly isLameDuck?: boolean;
}

export function infoOf(cluster: Cluster, wishes: InfoWishes): object {
  const { broker, config } = cluster;
  const { host, port } = cluster.advertised;
  const { permissions, poolSize } = config;
  const [connectUrls, webSocketUrls] = config.isAdvertised
    ? [cluster.ownClientUrls(), cluster.ownWebSocketUrls()]
    : [[], []];
  return {
    server_id: broker.identity.id,
    server_name: broker.name,
    version: NATS_VERSION,
    proto: PROTO,
    go: `node${process.versions.node}`,
    host,
    port,
    headers: broker.options.supportsHeaders,
    auth_required: cluster.requiresLogin ? true : undefined,
    tls_required: cluster.isSecure ? true : undefined,
    tls_verify: cluster.isSecure ? true : undefined,
    max_payload: broker.options.maxPayload,
    ip: config.advertise === '' ? undefined : routeUrlText(host, port),
    nonce: Buffer.from(broker.random.bytes(NONCE_BYTES)).toString('base64url'),
    cluster: cluster.name,
    cluster_dynamic: cluster.isDynamic ? true : undefined,
    connect_urls: unlessNone(connectUrls),
    ws_connect_urls: unlessNone(webSocketUrls),
    ldm: wishes.isLameDuck === true ? true : undefined,
    compression: wishes.compression,
    ...permissionsInInfo(permissions),
    lnoc: true,
    lnocu: true,
    ln: true,
    ...cluster.notes.own,
    route_pool_size: poolSize > 0 ? poolSize : undefined,
    route_pool_idx: (wishes.poolIndex ?? 0) > 0 ? wishes.poolIndex : undefined,
    route_account: unlessEmpty(utf8(wishes.account ?? '')),
    gossip_mode: (wishes.gossipMode ?? 0) > 0 ? wishes.gossipMode : undefined,
  };
}

/** What all others are told of a server that has just come. */
export function gossipOf(peer: PeerInfo, connection: RouteConnection, gossipMode: number, account: string): object {
  const { nonce, route_pool_idx, gossip_mode, route_account, ...told } = peer.whole;
  const ip = peer.ip === '' ? routeUrlText(connection.transport.remote.host, peer.port) : peer.ip;
  return {
    ...told,
    ip,
    route_account: unlessEmpty(utf8(account)),
    gossip_mode: gossipMode > 0 ? gossipMode : undefined,
  };
}

/** To move an account to a connection of its own; `account` is left out in the answer. */
export function accountRequestOf(poolSize: number, account: string, request: string): object {
  return {
    server_id: '',
    server_name: '',
    version: '',
    proto: 0,
    go: '',
    host: '',
    port: 0,
    headers: false,
    max_payload: 0,
    route_pool_size: poolSize > 0 ? poolSize : undefined,
    route_account: unlessEmpty(utf8(account)),
    route_acc_add_reqid: request,
  };
}

function routeUrlText(host: string, port: number): string {
  return `nats-route://${addressOf({ host, port })}/`;
}

export function permissionsInInfo(permissions: RoutePermissions | null): object {
  if (permissions === null) return {};
  return Object.fromEntries([
    ['import', rulesInInfo(permissions.imports)],
    ['export', rulesInInfo(permissions.exports)],
  ]);
}

function rulesInInfo({ allow, deny }: SubjectRules): object {
  return { allow: allow?.map(utf8), deny: deny.length === 0 ? undefined : deny.map(utf8) };
}

/** From one character a byte to text. */
function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function unlessNone(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}
