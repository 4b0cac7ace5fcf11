/** NATS clients over WebSocket, and a door for other protocols on the same port. */
import {
  type Connection,
  definePlugin,
  type Listener,
  type PluginContext,
  pluginNeeded,
  type ServerInfo,
} from '../../kernel/plugin-api.ts';
import { FrameMemory } from '../../protocols/websocket/frame-memory.ts';
import type { TlsBlock, TlsContexts } from '../tls/contract.ts';
import { BlockAuthenticator, overrideIn } from './authenticator.ts';
import { reloadAnswer, type WebSocketConfig, websocketConfig } from './config.ts';
import type { WebSocketAddress } from './contract.ts';
import { loadDeflate } from './deflate.ts';
import { Dialer } from './dialer.ts';
import { FrameScratch } from './frame-output.ts';
import { connectUrlsOf, hostAndPort, listenFailure, urlsOf } from './listening.ts';
import { PathTable } from './path-table.ts';
import { Reception } from './reception.ts';
import { varzOf } from './varz.ts';
import { type WebSocketCommons, WebSocketTransport } from './websocket-transport.ts';

type Context = PluginContext<WebSocketConfig>;

interface State {
  readonly paths: PathTable;
  commons: WebSocketCommons | null;
  tls: TlsBlock | null;
  listener: Listener | null;
  isListening: boolean;
  reception: Reception | null;
}

const RESOLVER = 'account.resolver';

export const plugin = definePlugin<WebSocketConfig, State>({
  name: 'websocket',
  version: '1.0.0',
  api: [1],
  summary: 'Serves clients over WebSocket',
  provides: [
    { name: 'websocket.paths', cardinality: 'one' },
    { name: 'websocket.address', cardinality: 'one' },
    { name: 'websocket.dialer', cardinality: 'one' },
    { name: 'auth.authenticator', cardinality: 'chain' },
    { name: 'monitor.section', cardinality: 'chain' },
  ],
  requires: [
    { name: 'tls.contexts', cardinality: 'one', optional: true },
    { name: RESOLVER, cardinality: 'named', optional: true, isLate: true },
  ],
  config: { key: 'websocket', aliases: ['ws'], schema: websocketConfig, live: reloadAnswer },

  register(ctx) {
    const state: State = {
      paths: new PathTable(),
      commons: null,
      tls: null,
      listener: null,
      isListening: false,
      reception: null,
    };
    ctx.tap('stats.collect', ({ more }) => {
      more['websocket.turned_away_total'] = state.reception?.turnedAway ?? 0;
    });
    ctx.provide('websocket.paths', state.paths);
    ctx.provide('websocket.address', addressOf(ctx, state));
    ctx.provide('websocket.dialer', new Dialer(ctx.kernel.broker, () => commonsOf(ctx, state)));
    ctx.provide('auth.authenticator', new BlockAuthenticator(isOn(ctx) ? overrideIn(ctx.config) : null));
    ctx.provide('monitor.section', {
      varz: () => varzOf(ctx.config, state.listener, state.tls?.settings ?? null),
      closedListeners: () => (isOn(ctx) && !state.isListening ? ['websocket'] : []),
    });
    return state;
  },

  async init(ctx, state) {
    if (!isOn(ctx)) return;
    state.tls = await tlsBlock(ctx);
    // After whoever says what holds for the client port.
    ctx.tap('connection.hello', (info, connection) => hello(ctx, state, info, connection), { stage: 'late' });
    ctx.tap('connection.authenticated', ({ transport }) => {
      if (transport instanceof WebSocketTransport) transport.trust();
    });
    ctx.tap('server.reload', () => state.tls?.renew());
    ctx.tap('server.lameDuck', () => close(state));
  },

  async listen(ctx, state) {
    if (!isOn(ctx)) return;
    checkCookies(ctx);
    checkGuard(ctx);
    await listen(ctx, state);
  },

  async reload(_ctx, { tls }, { after }) {
    if (after.tls !== null) await tls?.replace(after.tls);
  },

  async drain(_ctx, state) {
    await close(state);
    state.reception?.close();
  },
});

function isOn({ config }: Context): boolean {
  return config.port !== 0;
}

async function tlsBlock(ctx: Context): Promise<TlsBlock | null> {
  if (ctx.config.tls === null) return null;
  const tls = ctx.useOptional<TlsContexts>('tls.contexts');
  if (tls === undefined) throw new Error(pluginNeeded('the block "tls" of "websocket"', 'tls'));
  const block = tls.open(ctx.config.tls, {
    role: 'client',
    kind: 'Websocket',
    log: ctx.log,
    withoutCertificate: 'websocket requires TLS configuration',
    mapsUsersOf: 'WEBSOCKET',
  });
  ctx.onDispose(() => block.close());
  await block.showStatuses();
  return block;
}

/** Without operators nobody could tell whether a JWT is good. */
function checkCookies(ctx: Context): void {
  const { jwtCookie } = ctx.config;
  if (jwtCookie === '' || ctx.useAll(RESOLVER).length > 0) return;
  const what = 'trusted operators or trusted keys configuration is required for JWT authentication via cookie';
  throw new Error(`${what} "${jwtCookie}"`);
}

/** Whoever keeps strangers out must not be let in through a list of plugins that lacks the guard. */
function checkGuard({ config, kernel }: Context): void {
  if (overrideIn(config) === null || kernel.hooks.connectionAuthenticate.slot !== null) return;
  throw new Error(pluginNeeded('"authorization" of "websocket"', 'auth'));
}

async function listen(ctx: Context, state: State): Promise<void> {
  const { config, kernel, log } = ctx;
  const { broker } = kernel;
  const commons = commonsOf(ctx, state);
  const { tls, paths } = state;
  const reception = new Reception({
    broker,
    config,
    paths,
    commons,
    deflate: config.compresses ? await loadDeflate() : null,
    secure: tls === null ? null : (transport, timeoutMs) => tls.accept(transport, { timeoutMs }),
  });
  ctx.onDispose(() => reception.close());
  state.reception = reception;
  state.listener = await bind(ctx, reception);
  state.isListening = true;
  const scheme = tls === null ? 'ws' : 'wss';
  kernel.log.info(`Listening for websocket clients on ${scheme}://${hostAndPort(state.listener)}`);
  if (tls === null) kernel.log.warn('Websocket not configured with TLS. DO NOT USE IN PRODUCTION!');
  if (config.compresses) log.debug('messages are compressed where clients ask for it');
}

/** Made when somebody needs it: of those who listen, and of those who dial. */
function commonsOf(ctx: Context, state: State): WebSocketCommons {
  if (state.commons !== null) return state.commons;
  const { broker, log, ports } = ctx.kernel;
  const commons: WebSocketCommons = {
    memory: new FrameMemory(broker.arena.readBuffer),
    scratch: new FrameScratch(),
    clock: ports.clock,
    log,
    closing: new Set(),
  };
  ctx.onDispose(() => {
    for (const transport of commons.closing) transport.cutOff();
  });
  state.commons = commons;
  return commons;
}

async function close(state: State): Promise<void> {
  state.isListening = false;
  await state.listener?.close();
}

async function bind(ctx: Context, reception: Reception): Promise<Listener> {
  const { broker, ports } = ctx.kernel;
  const host = ctx.config.host === '' ? broker.options.host : ctx.config.host;
  const where = { host, port: Math.max(ctx.config.port, 0) };
  try {
    const listener = await ports.network.listen(
      { ...where, readBuffer: broker.arena.readBuffer },
      (transport) => void reception.receive(transport),
    );
    ctx.onDispose(() => listener.close());
    return listener;
  } catch (error) {
    throw new Error(listenFailure(where, error as Error), { cause: error });
  }
}

/** What differs from the client port. */
function hello(
  { config, kernel }: Context,
  { listener, tls }: State,
  info: ServerInfo,
  { transport }: Connection,
): ServerInfo | undefined {
  if (transport.kind !== 'websocket' || listener === null) return undefined;
  const isTls = tls !== null ? true : undefined;
  const urls = info.connect_urls === undefined ? undefined : connectUrlsOf(config, listener, kernel.ports.network);
  return {
    ...info,
    host: listener.host,
    port: listener.port,
    auth_required: overrideIn(config) === null ? info.auth_required : true,
    tls_required: isTls,
    // As with NATS servers, even where certificates are verified: who reads this has shown one.
    tls_verify: undefined,
    tls_available: isTls,
    connect_urls: urls,
  };
}

function addressOf(ctx: Context, state: State): WebSocketAddress {
  const { network } = ctx.kernel.ports;
  return {
    urls: () => (state.listener === null ? [] : urlsOf(state.tls === null ? 'ws' : 'wss', state.listener, network)),
    connectUrls: () => (state.listener === null ? [] : connectUrlsOf(ctx.config, state.listener, network)),
  };
}
