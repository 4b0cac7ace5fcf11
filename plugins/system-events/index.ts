/** What the system account hears of this server, and what it may ask. */
import { definePlugin, type PluginContext } from '../../kernel/plugin-api.ts';
import type { MonitorEndpoints } from '../monitoring/contract.ts';
import type { ServerCluster, ServerPeers } from '../route/contract.ts';
import { AccountConnections } from './events/account-connections.ts';
import { ConnectionEvents } from './events/connection-events.ts';
import { EventQueue } from './events/event-queue.ts';
import { RemoteServers } from './events/remote-servers.ts';
import { Statistics } from './events/statistics.ts';
import { monitorSection } from './monitor-section.ts';
import { Reception } from './requests/reception.ts';
import { ServerStamp } from './server-stamp.ts';
import { Surroundings } from './surroundings.ts';

interface State {
  readonly stamp: ServerStamp;
  statistics: Statistics | null;
}

export const plugin = definePlugin<undefined, State>({
  name: 'system-events',
  version: '1.0.0',
  api: [1],
  summary: 'Tells the system account what happens, and answers its requests',
  provides: [
    { name: 'server.stamp', cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain', optional: true },
  ],
  requires: [
    { name: 'monitor.endpoints', cardinality: 'one' },
    { name: 'server.peers', cardinality: 'one', optional: true },
    { name: 'server.cluster', cardinality: 'one', optional: true },
  ],

  register(ctx) {
    const stamp = new ServerStamp(ctx.kernel.broker);
    ctx.provide('server.stamp', () => stamp.next());
    return { stamp, statistics: null };
  },

  init(ctx, state) {
    const { system } = ctx.kernel.broker.accounts;
    if (system !== null) state.statistics = open(ctx, state.stamp);
  },

  ready: (_ctx, { statistics }) => statistics?.start(),
});

/** Without a system account there is nobody to tell, and nothing of this costs anything. */
function open(ctx: PluginContext<undefined>, stamp: ServerStamp): Statistics | null {
  const { broker, ports, log } = ctx.kernel;
  const { clock, random } = ports;
  const system = broker.accounts.system;
  if (system === null) return null;
  const monitor = ctx.use<MonitorEndpoints>('monitor.endpoints');
  const queue = new EventQueue(clock, log);
  const surroundings = new Surroundings({ broker, system, clock, random, log, stamp, monitor, queue });
  const statistics = new Statistics(surroundings);
  const connections = new AccountConnections(surroundings);
  followOthers(ctx, surroundings, statistics);
  ctx.onDispose(() => {
    statistics.stop();
    connections.close();
  });
  followConnections(ctx, surroundings, connections);
  followServer(ctx, surroundings, statistics);
  const reception = new Reception({ of: surroundings, statistics, connections });
  reception.open(ctx);
  ctx.tap('stats.collect', ({ more }) => {
    more['system_events.dropped_total'] = queue.dropped;
    more['system_events.turned_away_total'] = reception.turnedAway;
  });
  const waiting = () => ({ events: queue.length, requests: reception.underWay });
  ctx.provide('monitor.section', monitorSection(system, waiting));
  return statistics;
}

/** Where servers are connected they hear each other. */
function followOthers(ctx: PluginContext<undefined>, surroundings: Surroundings, statistics: Statistics): void {
  const cluster = ctx.useOptional<ServerCluster>('server.cluster') ?? null;
  surroundings.cluster = cluster;
  surroundings.stamp.clusterName = () => cluster?.name || undefined;
  surroundings.peers = ctx.useOptional<ServerPeers>('server.peers') ?? null;
  if (surroundings.peers === null) return;
  surroundings.remotes = new RemoteServers(surroundings, () => statistics.greet());
  surroundings.remotes.open(ctx);
}

function followConnections(
  ctx: PluginContext<undefined>,
  surroundings: Surroundings,
  connections: AccountConnections,
): void {
  const events = new ConnectionEvents(surroundings);
  ctx.tap('connection.authenticated', (connection) => {
    connections.changed(connection);
    events.connected(connection);
  });
  ctx.tap('connection.closed', (connection, reason) => {
    connections.changed(connection);
    events.disconnected(connection, reason);
  });
  // Whoever is still there has been judged anew.
  ctx.tap('server.reload', async () => {
    for (const connection of surroundings.broker.connections.values()) events.connected(connection);
  });
}

/** The last words. */
function followServer(ctx: PluginContext<undefined>, surroundings: Surroundings, statistics: Statistics): void {
  const { broker, system, queue, stamp } = surroundings;
  const sayLast = (word: string): void => {
    if (surroundings.isSilent) return;
    statistics.stop();
    queue.close();
    surroundings.publish(system, `$SYS.SERVER.${broker.identity.id}.${word}`, stamp.next());
    surroundings.isSilent = true;
  };
  ctx.tap('server.lameDuck', async () => sayLast('LAMEDUCK'));
  ctx.tap('server.close', async () => sayLast('SHUTDOWN'));
}
