/** INFO: what the broker says of itself, in the order of keys that clients have always seen. */
import { jsonFailure, typeFailure } from '../../protocols/client/json-failure.ts';
import type { Broker } from '../broker.ts';
import { API_LEVEL, NATS_VERSION } from '../version.ts';
import type { ClientConnection } from './client-connection.ts';

/** Keys that are undefined are not sent. Plugins add keys, and others of their own, through the hook `connection.hello`. */
export interface ServerInfo {
  server_id: string;
  server_name: string;
  version: string;
  proto: number;
  git_commit?: string;
  go: string;
  host: string;
  port: number;
  headers: boolean;
  auth_required?: true;
  tls_required?: true;
  tls_verify?: true;
  tls_available?: true;
  max_payload: number;
  client_id?: number;
  client_ip?: string;
  nonce?: string;
  cluster?: string;
  cluster_dynamic?: true;
  domain?: string;
  connect_urls?: readonly string[];
  ldm?: true;
  connect_info?: true;
  remote_account?: string;
  acc_is_sys?: true;
  api_lvl: number;
  xkey?: string;
  [more: string]: unknown;
}

/** The order in which keys are sent. */
const ORDER = [
  'server_id',
  'server_name',
  'version',
  'proto',
  'git_commit',
  'go',
  'host',
  'port',
  'headers',
  'auth_required',
  'tls_required',
  'tls_verify',
  'tls_available',
  'max_payload',
];
/** Keys that plugins add stand between these and those above. */
const LATER = [
  'client_id',
  'client_ip',
  'nonce',
  'cluster',
  'cluster_dynamic',
  'domain',
  'connect_urls',
  'ldm',
  'connect_info',
  'remote_account',
  'acc_is_sys',
  'api_lvl',
  'xkey',
];

const LISTED = new Set([...ORDER, ...LATER]);

export function infoFor(broker: Broker, client: ClientConnection): ServerInfo {
  const info: ServerInfo = {
    server_id: broker.identity.id,
    server_name: broker.name,
    version: NATS_VERSION,
    proto: 1,
    go: `node${process.versions.node}`,
    host: broker.advertised.host,
    port: broker.advertised.port,
    headers: broker.options.supportsHeaders,
    max_payload: client.payloadMax,
    client_id: client.id,
    client_ip: client.clientIp === '' ? undefined : client.clientIp,
    connect_urls: broker.connectUrls.length > 0 ? broker.connectUrls : undefined,
    ldm: broker.isLameDuck && !broker.isLameDuckTold ? true : undefined,
    api_lvl: API_LEVEL,
    xkey: broker.identity.xkey,
  };
  const slot = broker.hooks.connectionHello.slot;
  return inOrder(slot === null ? info : slot(info, client));
}

/** The INFO that answers the first PING after CONNECT: it says where the client ended up. */
export function infoAfterConnect(broker: Broker, client: ClientConnection): ServerInfo {
  const { account } = client;
  return inOrder({
    ...infoFor(broker, client),
    nonce: undefined,
    connect_info: true,
    remote_account: account.name,
    acc_is_sys: account.isSystem ? true : undefined,
  });
}

function inOrder(info: ServerInfo): ServerInfo {
  const ordered: Record<string, unknown> = {};
  for (const key of ORDER) if (info[key] !== undefined) ordered[key] = info[key];
  for (const [key, value] of Object.entries(info)) if (value !== undefined && !LISTED.has(key)) ordered[key] = value;
  for (const key of LATER) if (info[key] !== undefined) ordered[key] = info[key];
  return ordered as ServerInfo;
}

const NUMBERS = new Set(['proto', 'port', 'max_payload', 'client_id', 'api_lvl']);
const FLAGS = new Set([
  'headers',
  'auth_required',
  'tls_required',
  'tls_verify',
  'tls_available',
  'cluster_dynamic',
  'ldm',
  'connect_info',
  'acc_is_sys',
]);

/** What keeps the text from being an INFO: an object whose well-known members are of the right type. Null when it is one. */
export function infoFailure(json: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return jsonFailure(json) ?? 'invalid JSON';
  }
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    return typeFailure(value, 'Go value of type server.Info');
  }
  for (const [key, member] of Object.entries(value)) {
    if (member === null || isOfItsType(key, member)) continue;
    return typeFailure(member, `Go struct field Info.${key} of type ${typeNameOf(key)}`);
  }
  return null;
}

function typeNameOf(key: string): string {
  if (NUMBERS.has(key)) return INTEGER_NAMES[key] ?? 'int';
  if (FLAGS.has(key)) return 'bool';
  return key === 'connect_urls' ? '[]string' : 'string';
}

const INTEGER_NAMES: Readonly<Record<string, string>> = { max_payload: 'int32', client_id: 'uint64' };

function isOfItsType(key: string, member: unknown): boolean {
  if (NUMBERS.has(key)) return typeof member === 'number';
  if (FLAGS.has(key)) return typeof member === 'boolean';
  return key === 'connect_urls' ? Array.isArray(member) : !LISTED.has(key) || typeof member === 'string';
}
