/** Servers that form a cluster: each connected to each, all of them one broker to their clients. */
import {
  type Account,
  definePlugin,
  type PluginContext,
  pluginNeeded,
  type ServerInfo,
} from '../../kernel/plugin-api.ts';
import type { ServiceMeasures } from '../account-sharing/contract.ts';
import type { TlsBlock, TlsContexts } from '../tls/contract.ts';
import type { WebSocketAddress } from '../websocket/contract.ts';
import { Cluster } from './cluster.ts';
import { type ClusterConfig, clusterConfig, reloadAnswer } from './config.ts';
import type { ClusterAddress, RouteFigures, ServerCluster, ServerPeers } from './contract.ts';
import { listenFailure, urlsOf } from './listening.ts';
import { routezEndpoint } from './monitor/routez.ts';
import { statisticsOf } from './monitor/statistics.ts';
import { varzOf } from './monitor/varz.ts';
import { Notes } from './notes.ts';
import { applyReload, isSameBlock } from './reload.ts';
import { addressOf } from './route-url.ts';

type Context = PluginContext<ClusterConfig>;

interface State {
  readonly notes: Notes;
  tls: TlsBlock | null;
  cluster: Cluster | null;
}

export const plugin = definePlugin<ClusterConfig, State>({
  name: 'route',
  version: '1.0.0',
  api: [1],
  summary: 'Forms a cluster with other servers',
  provides: [
    { name: 'server.peers', cardinality: 'one' },
    { name: 'server.cluster', cardinality: 'one' },
    { name: 'cluster.address', cardinality: 'one' },
    { name: 'cluster.notes', cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain' },
  ],
  requires: [
    { name: 'tls.contexts', cardinality: 'one', optional: true },
    { name: 'websocket.address', cardinality: 'one', optional: true },
    { name: 'service.measures', cardinality: 'one', optional: true },
  ],
  config: { key: 'cluster', schema: clusterConfig, live: reloadAnswer },

  register(ctx) {
    const state: State = { notes: new Notes(), tls: null, cluster: null };
    ctx.provide('server.peers', peersOf(state));
    ctx.provide('server.cluster', clusterOf(state));
    ctx.provide('cluster.address', addressOfCluster(ctx, state));
    ctx.provide('cluster.notes', state.notes);
    ctx.provide('monitor.section', {
      endpoints: ctx.config.port === 0 ? [] : [routezEndpoint(() => state.cluster)],
      varz: () => varzOf(state.cluster),
      accountStatistics: (account: Account) => statisticsOf(state.cluster, account),
    });
    return state;
  },

  async init(ctx, state) {
    if (ctx.config.port === 0) return;
    state.tls = await tlsBlock(ctx, ctx.config);
    const webSocket = ctx.useOptional<WebSocketAddress>('websocket.address');
    const { broker, log } = ctx.kernel;
    const { config } = ctx;
    const ownWebSocketUrls = (): readonly string[] => webSocket?.connectUrls() ?? [];
    const measures = ctx.useOptional<ServiceMeasures>('service.measures') ?? null;
    const parts = { broker, config, log, measures, tls: state.tls, notes: state.notes, ownWebSocketUrls };
    const cluster = new Cluster(parts);
    state.cluster = cluster;
    followInterest(ctx, cluster);
    // After whoever says what holds for the client's own port.
    ctx.tap('connection.hello', (info, { transport }) => hello(cluster, info, transport.kind), {
      stage: 'late',
      after: ['websocket'],
    });
    ctx.tap('server.reload', async () => state.tls?.renew());
    ctx.tap('server.lameDuck', async () => {
      cluster.clientUrlsChanged();
      cluster.sendInfos({ isLameDuck: true });
    });
    ctx.onDispose(() => cluster.close());
  },

  async ready(ctx, { cluster }) {
    if (cluster === null) return;
    const { log } = ctx.kernel;
    log.info(`Cluster name is ${cluster.name}`);
    if (cluster.isDynamic) log.warn('Cluster name was dynamically generated, consider setting one');
    await bind(ctx, cluster);
    cluster.clientUrlsChanged();
    cluster.dialer.configure(cluster.config.routes);
  },

  async reload(ctx, state, { before, after }) {
    const { cluster } = state;
    if (cluster === null) return;
    if (!isSameBlock(before.tls, after.tls)) {
      state.tls?.close();
      state.tls = await tlsBlock(ctx, after);
      cluster.tls = state.tls;
    }
    await applyReload(cluster, before, after);
    ctx.kernel.log.info('Reloaded: cluster');
  },

  async drain(_ctx, { cluster }) {
    await cluster?.stopListening();
    cluster?.close();
  },
});

async function tlsBlock(ctx: Context, config: ClusterConfig): Promise<TlsBlock | null> {
  if (config.tls === null) return null;
  const tls = ctx.useOptional<TlsContexts>('tls.contexts');
  if (tls === undefined) throw new Error(pluginNeeded('the block "tls" of "cluster"', 'tls'));
  const block = tls.open(config.tls, { role: 'server', kind: 'Route', log: ctx.log });
  ctx.onDispose(() => block.close());
  await block.showStatuses();
  return block;
}

function followInterest(ctx: Context, cluster: Cluster): void {
  const { ledger } = cluster;
  ledger.fill(ctx.kernel.broker.accounts.all());
  for (const hook of ['interest.first', 'interest.changed', 'interest.last'] as const) {
    ctx.tap(hook, (account, _subject, _queue, subscription) => ledger.note(account, subscription));
  }
  ctx.tap('account.created', async (account) => cluster.accountCame(account));
  ctx.tap('account.removed', async (account) => cluster.accountWent(account));
}

async function bind({ kernel }: Context, cluster: Cluster): Promise<void> {
  const { host, port } = cluster.config;
  const where = { host: host === '' ? kernel.broker.options.host : host, port: Math.max(port, 0) };
  try {
    const bound = await cluster.listen();
    kernel.log.info(`Listening for route connections on ${addressOf(bound)}`);
  } catch (error) {
    throw new Error(listenFailure(where, error as Error), { cause: error });
  }
}

function hello(cluster: Cluster, info: ServerInfo, kind: string): ServerInfo {
  const isWebSocket = kind === 'websocket' && info.connect_urls !== undefined;
  return {
    ...info,
    cluster: cluster.name,
    cluster_dynamic: cluster.isDynamic ? true : undefined,
    connect_urls: isWebSocket ? cluster.webSocketUrls() : info.connect_urls,
  };
}

function peersOf(state: State): ServerPeers {
  return {
    get count(): number {
      return state.cluster?.peerCount ?? 0;
    },
  };
}

function clusterOf(state: State): ServerCluster {
  return {
    get name(): string {
      return state.cluster?.name ?? '';
    },
    get isDynamic(): boolean {
      return state.cluster?.isDynamic ?? false;
    },
    *routes(): Iterable<RouteFigures> {
      for (const connection of state.cluster?.connections ?? []) {
        const { id, peer, remote, inMessages, outMessages, inBytes, outBytes, outbound } = connection;
        const { pendingBytes } = outbound;
        if (remote === null) continue;
        yield { id, name: peer?.name ?? '', inMessages, outMessages, inBytes, outBytes, pendingBytes };
      }
    },
  };
}

function addressOfCluster(ctx: Context, state: State): ClusterAddress {
  return {
    urls: () => {
      const address = state.cluster?.address ?? null;
      if (address === null) return [];
      return urlsOf(state.tls === null ? 'nats' : 'tls', address, ctx.kernel.ports.network);
    },
  };
}
