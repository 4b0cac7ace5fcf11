/** The kernel's options, as the configuration reads them, made into what a broker runs by. */
import { GLOBAL_ACCOUNT } from '../kernel/accounts/account-registry.ts';
import type { MappingRule } from '../kernel/accounts/mapping-rule.ts';
import { compileMappings } from '../kernel/accounts/mappings.ts';
import { type AccountOptions, type BrokerOptions, DEFAULT_BROKER_OPTIONS } from '../kernel/broker-options.ts';
import type { AccountOptions as ConfiguredAccount } from '../kernel/config/account-options.ts';
import { type CoreOptions, DEFAULT_SYSTEM_ACCOUNT } from '../kernel/config/core-options.ts';
import type { LoadedConfig } from '../kernel/config/load.ts';
import type { Random } from '../kernel/ports/ports.ts';

/** What the broker itself has no use for, and plugins show. */
export interface ShownOptions {
  readonly closedClientsMax: number;
  readonly serverTags: readonly string[];
  readonly serverMetadata: Readonly<Record<string, string>>;
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly configDigest: string;
  readonly writeTimeout: string;
}

export function shownOptions({ options, digest }: LoadedConfig): ShownOptions {
  const { closedClientsMax, serverTags, serverMetadata, featureFlags, writeTimeout } = options;
  return { closedClientsMax, serverTags, serverMetadata, featureFlags, writeTimeout, configDigest: digest };
}

export function brokerOptions(loaded: LoadedConfig, random: Random): BrokerOptions & ShownOptions {
  const { options } = loaded;
  return {
    ...shownOptions(loaded),
    host: options.host,
    port: options.port,
    clientAdvertise: options.clientAdvertise,
    serverName: options.serverName,
    supportsHeaders: options.supportsHeaders,
    // A limit of no clients refuses them all.
    maxConnections: options.connectionsMax <= 0 ? -1 : options.connectionsMax,
    maxSubscriptions: options.subscriptionsMax,
    maxSubscriptionTokens: options.subscriptionTokensMax,
    maxControlLine: options.controlLineBytesMax,
    maxPayload: options.payloadBytesMax,
    maxPending: options.pendingBytesMax,
    maxOutbound: options.outboundBytesMax,
    maxUnauthenticated: DEFAULT_BROKER_OPTIONS.maxUnauthenticated,
    maxRememberedReplies: DEFAULT_BROKER_OPTIONS.maxRememberedReplies,
    pingIntervalMs: options.pingIntervalMs,
    pingMax: options.pingsOutMax,
    writeDeadlineMs: options.writeDeadlineMs,
    authTimeoutMs: DEFAULT_BROKER_OPTIONS.authTimeoutMs,
    connectErrorReports: options.connectErrorReports,
    reconnectErrorReports: options.reconnectErrorReports,
    lameDuckDurationMs: options.lameDuckDurationMs,
    lameDuckGraceMs: options.lameDuckGraceMs,
    dropsInsteadOfStalling: !options.stallsFastProducers,
    systemAccount: systemAccountOf(options),
    accounts: accountsOf(options, random),
  };
}

/** An account that is called $SYS is the system account although there should be none, as with a NATS server. */
function systemAccountOf({ accounts, hasSystemAccount, systemAccount }: CoreOptions): string | null {
  if (hasSystemAccount) return systemAccount;
  return accounts.some(({ name }) => name === DEFAULT_SYSTEM_ACCOUNT) ? DEFAULT_SYSTEM_ACCOUNT : null;
}

function accountsOf({ accounts, mappings }: CoreOptions, random: Random): AccountOptions[] {
  const configured = accounts.map((account) => accountOf(account, random));
  return [{ name: GLOBAL_ACCOUNT, mappings: compiled(mappings, random) }, ...configured];
}

function accountOf({ name, limits, mappings, trace }: ConfiguredAccount, random: Random): AccountOptions {
  return {
    name,
    limits: {
      maxConnections: limits.connectionsMax,
      maxSubscriptions: limits.subscriptionsMax,
      maxPayload: limits.payloadBytesMax,
    },
    mappings: compiled(mappings, random),
    trace,
  };
}

function compiled(rules: readonly MappingRule[], random: Random): AccountOptions['mappings'] {
  return rules.length === 0 ? null : compileMappings(rules, { random }).mappings;
}
