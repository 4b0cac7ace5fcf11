/** From the options as the configuration names them to the options the broker runs by. */
import { GLOBAL_ACCOUNT } from '../../kernel/accounts/account-registry.ts';
import type { MappingRule } from '../../kernel/accounts/mapping-rule.ts';
import { type AccountMappings, compileMappings } from '../../kernel/accounts/mappings.ts';
import { type BrokerOptions, DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import type { AccountOptions } from '../../kernel/config/account-options.ts';
import type { CoreOptions } from '../../kernel/config/core-options.ts';
import { wasGiven } from '../../kernel/config/schema.ts';
import type { Random } from '../../kernel/ports/ports.ts';

/** Without `port` and `listen` there is no listener. */
export function brokerOptionsOf(options: CoreOptions, random: Random): BrokerOptions {
  return {
    ...DEFAULT_BROKER_OPTIONS,
    ...limitsOf(options),
    host: options.host,
    port: wasGiven(options, 'port') ? options.port : null,
    clientAdvertise: options.clientAdvertise,
    serverName: options.serverName,
    supportsHeaders: options.supportsHeaders,
    pingIntervalMs: options.pingIntervalMs,
    pingMax: options.pingsOutMax,
    writeDeadlineMs: options.writeDeadlineMs,
    lameDuckDurationMs: options.lameDuckDurationMs,
    lameDuckGraceMs: options.lameDuckGraceMs,
    dropsInsteadOfStalling: !options.stallsFastProducers,
    systemAccount: options.hasSystemAccount ? options.systemAccount : null,
    accounts: accountsOf(options, random),
  };
}

function limitsOf(options: CoreOptions) {
  return {
    maxConnections: options.connectionsMax,
    maxSubscriptions: options.subscriptionsMax,
    maxSubscriptionTokens: options.subscriptionTokensMax,
    maxControlLine: options.controlLineBytesMax,
    maxPayload: options.payloadBytesMax,
    maxPending: options.pendingBytesMax,
    maxOutbound: options.outboundBytesMax,
  };
}

/** Mappings on the top level are those of the global account. */
function accountsOf({ accounts, mappings }: CoreOptions, random: Random): BrokerOptions['accounts'] {
  const global = { name: GLOBAL_ACCOUNT, mappings: mappingsOf(mappings, random) };
  return [global, ...accounts.map((account) => accountOf(account, random))];
}

function accountOf({ name, limits, mappings }: AccountOptions, random: Random): BrokerOptions['accounts'][number] {
  return {
    name,
    limits: {
      maxConnections: limits.connectionsMax,
      maxSubscriptions: limits.subscriptionsMax,
      maxPayload: limits.payloadBytesMax,
    },
    mappings: mappingsOf(mappings, random),
  };
}

/** What is wrong with a rule was reported when the configuration was read. */
function mappingsOf(rules: readonly MappingRule[], random: Random): AccountMappings | null {
  return rules.length === 0 ? null : compileMappings(rules, { random }).mappings;
}
