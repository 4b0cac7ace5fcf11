/** Leafs of this server, and this server as a leaf of others. */
import {
  CloseReason,
  type ConfigNode,
  definePlugin,
  type Listener,
  NOWHERE,
  type PluginContext,
  pluginNeeded,
} from '../../kernel/plugin-api.ts';
import type { ClusterNotes, ServerCluster } from '../route/contract.ts';
import type { TlsBlock, TlsContexts } from '../tls/contract.ts';
import type { WebSocketAddress, WebSocketDialer, WebSocketPaths } from '../websocket/contract.ts';
import { addressOf } from './config/remote-url.ts';
import { type LeafConfig, leafConfig } from './config.ts';
import type { LeafAddress, StreamDomain } from './contract.ts';
import { LeafAuthenticator } from './leaf-authenticator.ts';
import { Leafs, URLS } from './leafs.ts';
import { leafzEndpoint } from './monitor/leafz.ts';
import { varzOf } from './monitor/varz.ts';
import { applyReload, reloadAnswer } from './reload.ts';
import { Remote } from './remotes/remote.ts';
import { LEAF_PATH, WebSockets } from './remotes/web-sockets.ts';

const EMPTY_BLOCK: ConfigNode = { kind: 'map', value: new Map(), ...NOWHERE };

type Context = PluginContext<LeafConfig>;

interface State {
  readonly authenticator: LeafAuthenticator;
  leafs: Leafs | null;
  notes: ClusterNotes | null;
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
    { name: 'cluster.notes', cardinality: 'one', optional: true },
    { name: 'stream.domain', cardinality: 'one', optional: true },
    { name: 'websocket.paths', cardinality: 'one', optional: true },
    { name: 'websocket.address', cardinality: 'one', optional: true },
    { name: 'websocket.dialer', cardinality: 'one', optional: true },
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
    const state: State = { authenticator, leafs: null, notes: null };
    ctx.provide('auth.authenticator', authenticator);
    ctx.provide('leaf.address', addressOfLeafs(state));
    ctx.provide('monitor.section', {
      endpoints: [leafzEndpoint(() => state.leafs)],
      varz: () => varzOf(state.leafs),
      connectionKinds: { leaf: 'Leafnode' },
    });
    return state;
  },

  async init(ctx, state) {
    const { broker, log } = ctx.kernel;
    const tls = ctx.useOptional<TlsContexts>('tls.contexts');
    const cluster = ctx.useOptional<ServerCluster>('server.cluster');
    const address = ctx.useOptional<WebSocketAddress>('websocket.address');
    const notes = ctx.useOptional<ClusterNotes>('cluster.notes');
    const leafs = new Leafs({
      broker,
      config: ctx.config,
      log,
      tls: await listenerTls(ctx, tls, ctx.config.tls),
      tlsFor: (node) => tlsFor(ctx, tls, node),
      webSockets: new WebSockets({
        broker,
        dialTimeoutMs: ctx.config.dialTimeoutMs,
        dialer: ctx.useOptional<WebSocketDialer>('websocket.dialer'),
        secure: (transport, host, node) => tlsFor(ctx, tls, node).connect(transport, { host }),
      }),
      clusterName: () => cluster?.name ?? '',
      urlsOfOthers: (key) => textsIn(notes?.read(key) ?? []),
      webSocketUrls: () => address?.connectUrls() ?? [],
      streams: ctx.useOptional<StreamDomain>('stream.domain'),
    });
    leafs.remotes = ctx.config.remotes.map((options) => new Remote(leafs, options));
    state.leafs = leafs;
    ctx.tap('interest.first', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.changed', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.last', (account, _subject, _queue, subscription) => leafs.note(account, subscription));
    ctx.tap('interest.staying', (account, subscription) => leafs.note(account, subscription));
    const paths = ctx.useOptional<WebSocketPaths>('websocket.paths');
    if (paths !== undefined && ctx.config.port !== 0) {
      ctx.onDispose(paths.claim({ suffix: LEAF_PATH, accept: (transport) => void leafs.accept(transport) }));
    }
    ctx.tap('stats.collect', ({ more }) => {
      more['leaf.forgotten_replies_total'] = leafs.replies.forgotten;
    });
    ctx.tap('account.changed', (account) => leafs.recount(account));
    ctx.tap('server.reload', async () => {
      await leafs.tls?.renew();
      for (const remote of leafs.remotes) await remote.renew();
      leafs.reconsider();
    });
    state.notes = notes ?? null;
    if (notes !== undefined) ctx.onDispose(notes.follow(() => leafs.addressesChanged()));
    ctx.tap('server.lameDuck', () => leafs.close(CloseReason.serverShutdown));
  },

  async listen(ctx, { leafs, notes }) {
    if (leafs === null) return;
    checkGuard(ctx);
    if (ctx.config.port === 0) return;
    leafs.listener = await bind(ctx, leafs);
    if (ctx.config.isAdvertised) notes?.write(URLS, [leafs.ownUrl]);
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

/** Servers of a cluster say one address each. */
function textsIn(values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []));
}

async function listenerTls(
  ctx: Context,
  tls: TlsContexts | undefined,
  node: ConfigNode | null,
): Promise<TlsBlock | null> {
  if (node === null) return null;
  // Who has users of its own for leafs tells them by itself.
  const block = tlsFor(ctx, tls, node, ctx.config.authorization === null ? 'LEAFNODE' : undefined);
  ctx.onDispose(() => block.close());
  await block.showStatuses();
  return block;
}

/** Where there is no block the certificates that the machine trusts count. */
function tlsFor(
  { log }: Context,
  tls: TlsContexts | undefined,
  node: ConfigNode | null,
  mapsUsersOf?: 'LEAFNODE',
): TlsBlock {
  if (tls === undefined) throw new Error(pluginNeeded('TLS of "leafnodes"', 'tls'));
  return tls.open(node ?? EMPTY_BLOCK, { role: 'client', kind: 'Leafnode', log, mapsUsersOf });
}

/** Whoever keeps strangers out must not be let in through a list of plugins that lacks the guard. */
function checkGuard({ config, kernel }: Context): void {
  if (config.authorization === null || kernel.hooks.connectionAuthenticate.slot !== null) return;
  throw new Error(pluginNeeded('"authorization" of "leafnodes"', 'auth'));
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
