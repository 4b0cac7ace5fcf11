/** What an upgrade tells of the client besides its protocol. */
import type { Entrance } from '../../kernel/plugin-api.ts';
import { formatIp, parseIp } from '../../protocols/ip/ip-address.ts';
import { cookiesOf, headerOf } from '../../protocols/websocket/header-values.ts';
import type { RequestHead } from '../../protocols/websocket/request-head.ts';
import type { WebSocketConfig } from './config.ts';

const NATS_TAG = 'wid';

/** `isKnown`: the address of the client is known, so that log lines need not tell whom a proxy speaks for. */
export function entranceOf({ headers }: RequestHead, config: WebSocketConfig, isKnown: boolean): Entrance {
  const { pingIntervalMs, authorization } = config;
  return {
    tag: NATS_TAG,
    forwardedFor: isKnown ? '' : forwardedFor(headers),
    pingIntervalMs: pingIntervalMs > 0 ? pingIntervalMs : null,
    authTimeoutMs: authorization?.timeoutMs ?? null,
    credentials: credentialsIn(headers, config),
  };
}

/** Cookies by the names the block gives; null where it gives none, or none came. */
function credentialsIn(headers: RequestHead['headers'], config: WebSocketConfig): Entrance['credentials'] {
  const names = [config.userCookie, config.passwordCookie, config.tokenCookie, config.jwtCookie];
  if (names.every((name) => name === '') || !headers.has('cookie')) return null;
  const cookies = cookiesOf(headers);
  const [user = '', pass = '', auth_token = '', jwt = ''] = names.map((name) => cookies.get(name) ?? '');
  return { user, pass, auth_token, jwt };
}

/** Only where it is one address; a list could have been begun by anybody. */
function forwardedFor(headers: RequestHead['headers']): string {
  const address = parseIp(headerOf(headers, 'x-forwarded-for'));
  return address === null ? '' : formatIp(address);
}
