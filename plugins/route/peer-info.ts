/** What another server says of itself, as far as it matters here. */
import { Said, type SaidRules } from '../../protocols/link/said.ts';

export interface PeerInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly proto: number;
  readonly host: string;
  readonly port: number;
  readonly ip: string;
  readonly takesHeaders: boolean;
  readonly isAuthRequired: boolean;
  readonly cluster: string;
  readonly isDynamic: boolean;
  readonly connectUrls: readonly string[];
  readonly webSocketUrls: readonly string[];
  readonly isLameDuck: boolean;
  readonly compression: string;
  readonly imports: SaidRules | null;
  readonly exports: SaidRules | null;
  /** Understands interest of leafs' clusters; what is taken back may name the cluster; leafs without one have a sign of their own. */
  readonly knowsOrigins: boolean;
  readonly namesOrigins: boolean;
  readonly knowsLeafs: boolean;
  /** 0: one connection, as very old servers have it. */
  readonly poolSize: number;
  readonly poolIndex: number;
  /** The connection is for this account alone; bytes, one character each. Empty: it is not. */
  readonly account: string;
  readonly accountRequest: string;
  readonly gossipMode: number;
  readonly gateway: string;
  /** The whole of it, to pass on. */
  readonly whole: Readonly<Record<string, unknown>>;
}

/** Null for what is no INFO. */
export function readPeerInfo(json: string): PeerInfo | null {
  const read = Said.in(json);
  if (read === null) return null;
  return {
    id: read.text('server_id'),
    name: read.text('server_name'),
    version: read.text('version'),
    proto: read.number('proto'),
    host: read.text('host'),
    port: read.number('port'),
    ip: read.text('ip'),
    takesHeaders: read.flag('headers'),
    isAuthRequired: read.flag('auth_required'),
    cluster: read.text('cluster'),
    isDynamic: read.flag('cluster_dynamic'),
    connectUrls: read.list('connect_urls') ?? [],
    webSocketUrls: read.list('ws_connect_urls') ?? [],
    isLameDuck: read.flag('ldm'),
    compression: read.text('compression'),
    imports: read.rules('import'),
    exports: read.rules('export'),
    knowsOrigins: read.flag('lnoc') || read.flag('ln'),
    namesOrigins: read.flag('lnocu') || read.flag('ln'),
    knowsLeafs: read.flag('ln'),
    poolSize: Math.max(0, read.number('route_pool_size')),
    poolIndex: read.number('route_pool_idx'),
    account: Buffer.from(read.text('route_account'), 'utf8').toString('latin1'),
    accountRequest: read.text('route_acc_add_reqid'),
    gossipMode: read.number('gossip_mode'),
    gateway: read.text('gateway'),
    whole: read.whole,
  };
}

export interface PeerConnect {
  readonly user: string;
  readonly password: string;
  readonly cluster: string;
  readonly isDynamic: boolean;
  readonly lang: string;
  readonly gateway: string;
}

/** Null for what is no CONNECT. */
export function readPeerConnect(json: string): PeerConnect | null {
  const read = Said.in(json);
  if (read === null) return null;
  return {
    user: read.text('user'),
    password: read.text('pass'),
    cluster: read.text('cluster'),
    isDynamic: read.flag('cluster_dynamic'),
    lang: read.text('lang'),
    gateway: read.text('gateway'),
  };
}
