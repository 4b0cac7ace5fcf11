/** Has a running broker go by new options. Nothing here can fail. */
import { type Account, NO_LIMITS } from '../kernel/accounts/account.ts';
import { GLOBAL_ACCOUNT } from '../kernel/accounts/account-registry.ts';
import type { Broker } from '../kernel/broker.ts';
import type { BrokerOptions } from '../kernel/broker-options.ts';
import type { CoreOptions } from '../kernel/config/core-options.ts';
import type { ConfigDiff } from '../kernel/config/diff.ts';
import type { LoadedConfig } from '../kernel/config/load.ts';
import type { ClientConnection } from '../kernel/connection/client-connection.ts';
import { CloseReason } from '../kernel/connection/close-reason.ts';
import { isClient } from '../kernel/connection/connection-kind.ts';
import { applyLimits } from '../kernel/connection/login.ts';
import type { Server } from '../kernel/server.ts';
import { shownOptions } from './broker-options.ts';
import { tracerFor } from './tracing.ts';

export interface OptionChange {
  readonly before: LoadedConfig;
  readonly after: LoadedConfig;
  readonly diff: ConfigDiff;
  /** Made of what is loaded. */
  readonly options: BrokerOptions;
}

/** Answers what the log should say besides the changed options. */
export function applyOptions({ broker }: Server, change: OptionChange): string[] {
  const { options: before } = change.before;
  const { options: after } = change.after;
  applyToBroker(broker, change.options);
  Object.assign(broker.options, shownOptions(change.after));
  applyAccounts(broker, before, change);
  replaceTracer(broker, after);
  if (before.payloadBytesMax !== after.payloadBytesMax) for (const client of clientsOf(broker)) applyLimits(client);
  if (before.clientAdvertise !== after.clientAdvertise) broker.announceInfo();
  return closeSurplus(broker);
}

function replaceTracer(broker: Broker, options: CoreOptions): void {
  broker.tracer = tracerFor(options, broker);
  // Publishers that repeat a subject take a road without a tracer until they have to look again.
  for (const { sublist } of broker.accounts.all()) sublist.generation++;
}

/** Only what can change while it runs; connections read these as they go. */
function applyToBroker(broker: Broker, options: BrokerOptions): void {
  Object.assign(broker.options, {
    clientAdvertise: options.clientAdvertise,
    maxConnections: options.maxConnections,
    maxControlLine: options.maxControlLine,
    maxPayload: options.maxPayload,
    maxOutbound: options.maxOutbound,
    pingIntervalMs: options.pingIntervalMs,
    pingMax: options.pingMax,
    writeDeadlineMs: options.writeDeadlineMs,
    dropsInsteadOfStalling: options.dropsInsteadOfStalling,
    accounts: options.accounts,
  } satisfies Partial<BrokerOptions>);
  broker.flow.options.outboundMax = options.maxOutbound;
  broker.flow.options.dropsInsteadOfStalling = options.dropsInsteadOfStalling;
}

/** Whoever is in an account about which the same is said as before does not notice. */
function applyAccounts(broker: Broker, before: CoreOptions, { diff, options: { accounts } }: OptionChange): void {
  const changed = new Set(diff.accounts.map(({ name }) => name));
  if (diff.fields.some(({ key }) => key === 'mappings')) changed.add(GLOBAL_ACCOUNT);
  for (const account of accounts) if (changed.has(account.name)) broker.configureAccount(account);
  const names = new Set(accounts.map(({ name }) => name));
  for (const { name } of before.accounts) {
    const account = broker.accounts.get(name);
    if (account === undefined || names.has(name)) continue;
    closeAll(account);
    broker.accounts.remove(name);
    // The system account stays, with nothing that was said about it.
    if (account.isSystem) broker.configureAccount({ name, limits: NO_LIMITS, mappings: null, trace: null });
  }
}

function closeAll({ connections }: Account): void {
  for (const connection of [...connections]) connection.close(CloseReason.clientClosed);
}

/** The youngest go first: they have the least to lose. */
function closeSurplus(broker: Broker): string[] {
  const clients = clientsOf(broker);
  const surplus = clients.length - Math.max(0, broker.options.maxConnections);
  if (surplus <= 0) return [];
  for (const client of clients.slice(-surplus)) {
    client.sendError('maximum connections exceeded');
    client.close(CloseReason.maxConnections);
  }
  return [`Closed ${surplus} connections to fall within max_connections`];
}

function clientsOf(broker: Broker): ClientConnection[] {
  return [...broker.connections.values()].filter(isClient);
}
