/** What the kernel needs to know to run. The config file's own spelling is translated into this elsewhere. */
import type { AccountLimits } from './accounts/account.ts';
import type { AccountMappings } from './accounts/mappings.ts';
import type { TraceDestination } from './config/trace-destination.ts';

export interface AccountOptions {
  name: string;
  limits?: Partial<AccountLimits>;
  mappings?: AccountMappings | null;
  trace?: TraceDestination | null;
}

export interface BrokerOptions {
  host: string;
  /** -1: any free port. Null: no listener; clients come through the embedding API only. */
  port: number | null;
  clientAdvertise: string;
  /** Empty: the server's id. */
  serverName: string;
  supportsHeaders: boolean;
  maxConnections: number;
  /** For each connection; 0 or negative for no limit. */
  maxSubscriptions: number;
  /** 0 for no limit. */
  maxSubscriptionTokens: number;
  maxControlLine: number;
  /** Negative for no limit. */
  maxPayload: number;
  /** Bytes that may wait for one client. */
  maxPending: number;
  /** Bytes that may wait for all clients together. */
  maxOutbound: number;
  /** Bytes a connection may have us hold before it has logged in. */
  maxUnauthenticated: number;
  /** Requests that one client may still answer beyond its permissions; the oldest are forgotten. */
  maxRememberedReplies: number;
  pingIntervalMs: number;
  pingMax: number;
  writeDeadlineMs: number;
  authTimeoutMs: number;
  /** Of failed attempts to connect to another server, every how many is logged: before the first success, and after it. */
  connectErrorReports: number;
  reconnectErrorReports: number;
  lameDuckDurationMs: number;
  lameDuckGraceMs: number;
  dropsInsteadOfStalling: boolean;
  /** Null: no system account. */
  systemAccount: string | null;
  accounts: readonly AccountOptions[];
}

export const DEFAULT_BROKER_OPTIONS: Readonly<BrokerOptions> = {
  host: '0.0.0.0',
  port: 4222,
  clientAdvertise: '',
  serverName: '',
  supportsHeaders: true,
  maxConnections: 65_536,
  maxSubscriptions: 0,
  maxSubscriptionTokens: 0,
  maxControlLine: 4096,
  maxPayload: 1_048_576,
  maxPending: 67_108_864,
  maxOutbound: 536_870_912,
  maxUnauthenticated: 16_384,
  maxRememberedReplies: 65_536,
  pingIntervalMs: 120_000,
  pingMax: 2,
  writeDeadlineMs: 10_000,
  authTimeoutMs: 2000,
  connectErrorReports: 3600,
  reconnectErrorReports: 1,
  lameDuckDurationMs: 120_000,
  lameDuckGraceMs: 10_000,
  dropsInsteadOfStalling: false,
  systemAccount: '$SYS',
  accounts: [],
};
