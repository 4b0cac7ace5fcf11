/** What /varz says of the listener. */
import type { Address } from '../../kernel/plugin-api.ts';
import type { TlsSettings } from '../tls/contract.ts';
import type { WebSocketConfig } from './config.ts';

const NANOSECONDS = 1_000_000;

export function varzOf(
  config: WebSocketConfig,
  listening: Address | null,
  tls: TlsSettings | null,
): Readonly<Record<string, unknown>> {
  if (listening === null) return {};
  const { authorization, jwtCookie, advertise, noAuthUser, handshakeTimeoutMs, allowedOrigins } = config;
  const pinned = [...(tls?.options.pinnedKeys ?? [])];
  return {
    websocket: {
      host: listening.host,
      port: listening.port,
      advertise: some(advertise),
      no_auth_user: some(noAuthUser),
      jwt_cookie: some(jwtCookie),
      handshake_timeout: handshakeTimeoutMs > 0 ? handshakeTimeoutMs * NANOSECONDS : undefined,
      auth_timeout: some((authorization?.timeoutMs ?? 0) / 1000),
      no_tls: some(config.allowsPlain),
      tls_map: some(tls?.options.mapsIdentity ?? false),
      tls_pinned_certs: pinned.length > 0 ? pinned : undefined,
      same_origin: some(config.isSameOriginRequired),
      allowed_origins: allowedOrigins.length > 0 ? allowedOrigins : undefined,
      compression: some(config.compresses),
      tls_cert_not_after: tls === null ? undefined : new Date(tls.expiresAt).toISOString().replace('.000Z', 'Z'),
    },
  };
}

/** Keys with nothing to say are left out. */
function some<Value extends string | number | boolean>(value: Value): Value | undefined {
  return value === '' || value === 0 || value === false ? undefined : value;
}
