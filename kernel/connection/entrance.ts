/** The way a client came in by. A plugin that listens for clients may say more of them than a transport does. */
import type { ClientOptions } from './client-options.ts';

export interface Entrance {
  /** What stands before the id in log lines. */
  readonly tag: string;
  /** Whom a proxy in front of us says it speaks for; shown in log lines, believed nowhere. Empty for nobody. */
  readonly forwardedFor: string;
  /** Null: the broker's own. */
  readonly pingIntervalMs: number | null;
  readonly authTimeoutMs: number | null;
  /** What the monitor and events call clients that come this way; absent: by their transport. */
  readonly clientType?: string;
  /** Takes the place of what CONNECT leaves empty. */
  readonly credentials: Readonly<Partial<Credentials>> | null;
}

type Credentials = Pick<ClientOptions, 'user' | 'pass' | 'auth_token' | 'jwt'>;

/** The client port, and whoever says nothing else. */
export const CLIENT_PORT: Entrance = Object.freeze({
  tag: 'cid',
  forwardedFor: '',
  pingIntervalMs: null,
  authTimeoutMs: null,
  credentials: null,
});

/** The options with what the way in told of the client where it said nothing itself. */
export function withCredentials(options: ClientOptions, { credentials }: Entrance): ClientOptions {
  if (credentials === null) return options;
  const completed = { ...options };
  for (const key of ['user', 'pass', 'auth_token', 'jwt'] as const) {
    if (completed[key] === '') completed[key] = credentials[key] ?? '';
  }
  return completed;
}
