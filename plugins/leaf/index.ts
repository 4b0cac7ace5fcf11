/** Leafs of this server, and this server as a leaf of others. */
import {
  type Account,
  CloseReason,
  type ConfigNode,
  definePlugin,
  type Listener,
  type PluginContext,
} from '../../kernel/plugin-api.ts';
import type { ServerCluster } from '../route/contract.ts';
import type { TlsContexts } from '../tls/contract.ts';
import type { WebSocketAddress, WebSocketPaths } from '../websocket/contract.ts';
import { addressOf } from './config/remote-url.ts';
import { type LeafConfig, leafConfig } from './config.ts';
import type { LeafAddress } from './contract.ts';
import { LeafAuthenticator } from './leaf-authenticator.ts';
import { TlsSide } from './leaf-tls.ts';
import { Leafs } from './leafs.ts';
import { leafzEndpoint } from './monitor/leafz.ts';
import { varzOf } from './monitor/varz.ts';
import { applyReload, reloadAnswer } from './reload.ts';

type Context = PluginContext<LeafConfig>;

interface State {
  readonly authenticator: LeafAuthenticator;
  leafs: Leafs | null;
}

export const plugin = definePlugin<LeafConfig, State>({
  name: 'leaf',
  version: '1.0.0',
  api: [1],
  summary: 'Leaf nodes: servers that hang on this one, and servers this one hangs on',
  provides: [
    { name: 'auth.authenticator', cardinality: 'chain' },
    { name: 'leaf.address', cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain' },
  ],
  requires: [
    { name: 'tls.contexts', cardinality: 'one', optional: true },
    { name: 'server.cluster', cardinality: 'one', optional: true },
    { name: 'websocket.paths', cardinality: 'one', optional: true },
    { name: 'websocket.address', cardinality: 'one', optional: true },
  ],
  config: {
    key: 'leafnodes',
    aliases: ['leaf'],
    accountKeys: ['limits.max_leafnodes', 'limits.max_leafs'],
    schema: leafConfig,
    live: reloadAnswer,
  },

  register(ctx) {
    const authenticator = new LeafAuthenticator(ctx.config.authorization);
    const state: State = { authenticator, leafs: null };
    ctx.provide('auth.authenticator', authenticator);
    ctx.provide('leaf.address', addressOfLeafs(state));
    ctx.provide('monitor.section', {
      endpoints: [leafzEndpoint(() => state.leafs)],
      varz: () => varzOf(state.leafs),
      account: (account: Account) => ({ leafnodes: state.leafs?.countIn(account) ?? 0 }),
    });
    return state;
  },

  async init(ctx, state) {
    const { broker, log } = ctx.kernel;
    const tls = ctx.useOptional<TlsContexts>('tls.contexts');
    const cluster = ctx.useOptional<ServerCluster>('server.cluster');
    const address = ctx.useOptional<WebSocketAddress>('websocket.address');
    const leafs = new Leafs({
      broker,
      config: ctx.config,
      log,
      tls: await sideOf(ctx, tls, ctx.config.tls),
      tlsFor: ({ tls: node }) => (node === null ? null : new TlsSide(needed(tls), node, ctx.log)),
      clusterName: () => cluster?.name ?? '',
      webSocketUrls: () => address?.connectUrls() ?? [],
    });
    state.leafs = leafs;
    ctx.tap('interest.first', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.changed', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.last', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.staying', (account, subscription) => leafs.note(account, subscription));
    const paths = ctx.useOptional<WebSocketPaths>('websocket.paths');
    if (paths !== undefined && ctx.config.port !== 0) {
      ctx.onDispose(paths.claim({ suffix: '/leafnode', accept: (transport) => void leafs.accept(transport) }));
    }
    ctx.tap('server.reload', async () => {
      await leafs.tls?.renew();
      leafs.reconsider();
    });
    ctx.tap('server.lameDuck', () => leafs.close(CloseReason.serverShutdown));
  },

  async listen(ctx, { leafs }) {
    if (leafs === null) return;
    checkGuard(ctx);
    if (ctx.config.port !== 0) leafs.listener = await bind(ctx, leafs);
  },

  ready(_ctx, { leafs }) {
    leafs?.solicit();
  },

  async reload(_ctx, { leafs }, { before, after }) {
    if (leafs !== null) await applyReload(leafs, before, after);
  },

  async drain(_ctx, { leafs }) {
    await leafs?.listener?.close();
    leafs?.close(CloseReason.serverShutdown);
  },
});

function addressOfLeafs(state: State): LeafAddress {
  return {
    urls: () => {
      const listener = state.leafs?.listener ?? null;
      return listener === null ? [] : [`nats://${addressOf(listener)}`];
    },
  };
}

async function sideOf(ctx: Context, tls: TlsContexts | undefined, node: ConfigNode | null): Promise<TlsSide | null> {
  if (node === null) return null;
  const side = new TlsSide(needed(tls), node, ctx.log);
  ctx.onDispose(() => side.close());
  await side.replace(node);
  return side;
}

function needed(tls: TlsContexts | undefined): TlsContexts {
  if (tls !== undefined) return tls;
  throw new Error('the block "tls" of "leafnodes" needs the plugin "tls": add it to the list of plugins');
}

/** Whoever keeps strangers out must not be let in through a list of plugins that lacks the guard. */
function checkGuard({ config, kernel }: Context): void {
  if (config.authorization === null || kernel.hooks.connectionAuthenticate.slot !== null) return;
  throw new Error('who may log in by "leafnodes" is decided by the plugin "auth": add it to the list of plugins');
}

async function bind(ctx: Context, leafs: Leafs): Promise<Listener> {
  const { broker, ports, log } = ctx.kernel;
  const host = ctx.config.host === '' ? broker.options.host : ctx.config.host;
  const where = { host, port: Math.max(ctx.config.port, 0) };
  const listener = await ports.network.listen(
    { ...where, readBuffer: broker.arena.readBuffer },
    (transport) => void leafs.accept(transport),
  );
  ctx.onDispose(() => listener.close());
  log.info(`Listening for leafnode connections on ${addressOf(listener)}`);
  return listener;
}
