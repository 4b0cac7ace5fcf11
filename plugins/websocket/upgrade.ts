/** Whether a request becomes a WebSocket, and what is agreed upon with it. */
import { createHash } from 'node:crypto';
import { hasToken, headerOf, listOf, offersExtension } from '../../protocols/websocket/header-values.ts';
import type { RequestHead } from '../../protocols/websocket/request-head.ts';
import type { WebSocketConfig } from './config.ts';
import type { PathClaim } from './contract.ts';
import { refusalOf } from './origin.ts';
import { MQTT_SUFFIX, type PathTable } from './path-table.ts';

export interface Refused {
  readonly status: string;
  /** For the log. */
  readonly reason: string;
}

export interface Upgrade {
  readonly path: string;
  /** `Sec-WebSocket-Accept` */
  readonly accept: string;
  /** Null: a NATS client. */
  readonly claim: PathClaim | null;
  readonly subprotocol: string;
  readonly isCompressed: boolean;
  readonly isMaskless: boolean;
}

const BAD_REQUEST = '400 Bad Request';
/** From RFC 6455. */
const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const DEFLATE = 'permessage-deflate';

export function judge(head: RequestHead, isTls: boolean, config: WebSocketConfig, paths: PathTable): Upgrade | Refused {
  return refusalFor(head, isTls, config, paths) ?? agree(head, config, paths);
}

/** The checks in the order in which a NATS server makes them: the first that fails is told. */
function refusalFor(
  { method, path, headers }: RequestHead,
  isTls: boolean,
  config: WebSocketConfig,
  paths: PathTable,
): Refused | null {
  if (path.endsWith(MQTT_SUFFIX) && paths.find(path) === null) {
    return { status: '404 Not Found', reason: 'mqtt websocket endpoint not enabled' };
  }
  if (method !== 'GET') return { status: '405 Method Not Allowed', reason: 'request method must be GET' };
  const host = headerOf(headers, 'host');
  if (host === '') return bad("'Host' missing in request");
  if (!hasToken(headers, 'upgrade', 'websocket')) return bad("invalid value for header 'Upgrade'");
  if (!hasToken(headers, 'connection', 'upgrade')) return bad("invalid value for header 'Connection'");
  const key = headerOf(headers, 'sec-websocket-key');
  if (key === '') return bad('key missing');
  if (!KEY.test(key)) return bad('invalid websocket key');
  if (!hasToken(headers, 'sec-websocket-version', '13')) return bad('invalid version');
  const origin = headerOf(headers, 'origin') || headerOf(headers, 'sec-websocket-origin');
  const rules = { isSameRequired: config.isSameOriginRequired, allowed: config.origins };
  const refusal = refusalOf(origin, host, isTls, rules);
  return refusal === null ? null : { status: '403 Forbidden', reason: `origin not allowed: ${refusal}` };
}

function bad(reason: string): Refused {
  return { status: BAD_REQUEST, reason };
}

export const SENT_TOO_EARLY = bad('client sent data before handshake is complete');

function agree({ path, headers }: RequestHead, config: WebSocketConfig, paths: PathTable): Upgrade {
  const offered = listOf(headers, 'sec-websocket-protocol');
  const claim = paths.find(path) ?? paths.findByProtocol(offered);
  return {
    path,
    accept: acceptFor(headerOf(headers, 'sec-websocket-key')),
    claim,
    subprotocol: offered.find((name) => claim?.subprotocols?.includes(name) === true) ?? '',
    isCompressed: config.compresses && offersExtension(headers, DEFLATE),
    isMaskless: headerOf(headers, 'nats-no-masking') === 'true',
  };
}

/** What answers the key of an upgrade. */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64');
}
