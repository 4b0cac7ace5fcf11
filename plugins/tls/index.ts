/** TLS for clients, and for whatever other plugin listens. */
import {
  type Disposer,
  definePlugin,
  type PluginContext,
  StreamTransport,
  type TlsFacts,
} from '../../kernel/plugin-api.ts';
import type { Authenticator, ConnectionType } from '../auth/contract.ts';
import type { CertificateStatuses } from '../ocsp/contract.ts';
import { readTlsBlock } from './block.ts';
import { type ClientTls, clientOpener, isBare, isOptionalFor } from './client-opener.ts';
import { reloadRule, type TlsConfig, tlsSchema } from './config.ts';
import type { HandshakeFacts, TlsContexts, TlsOptions, TlsSettings } from './contract.ts';
import { Handshakes } from './handshakes.ts';
import { certificateLogin } from './identity/certificate-login.ts';
import { type BlockSurroundings, OpenBlock } from './open-block.ts';
import { closeUnpinned, haveSameKeys } from './pinned-keys.ts';
import { HandshakeRateLimit } from './rate-limit.ts';
import { reloadLines } from './reload-lines.ts';
import { loadSettings } from './settings.ts';
import { varzOf } from './varz.ts';

type Context = PluginContext<TlsConfig>;

interface State {
  readonly handshakes: Handshakes;
  limit: HandshakeRateLimit;
  client: ClientTls | null;
  stopWatching: Disposer;
  readonly mappingListeners: Set<readonly [ConnectionType, () => boolean]>;
}

const LOGIN_MS = 1000;

export const plugin = definePlugin<TlsConfig, State>({
  name: 'tls',
  version: '1.0.0',
  api: [1],
  summary: 'Encrypts what clients and servers say',
  provides: [
    { name: 'tls.contexts', cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain' },
    { name: 'auth.authenticator', cardinality: 'chain' },
    { name: 'auth.loginTime', cardinality: 'one' },
  ],
  requires: [{ name: 'tls.statuses', cardinality: 'one', optional: true }],
  config: {
    key: 'tls',
    also: [{ key: 'allow_non_tls' }],
    schema: tlsSchema,
    live: reloadRule,
  },

  register(ctx) {
    const { clock } = ctx.kernel.ports;
    const limit = new HandshakeRateLimit(ctx.config.client?.handshakesPerSecondMax ?? 0, clock, ctx.kernel.log);
    const state: State = {
      handshakes: new Handshakes(clock),
      limit,
      client: null,
      stopWatching: () => {},
      mappingListeners: new Set(),
    };
    state.mappingListeners.add(['STANDARD', () => state.client?.settings.options.mapsIdentity === true]);
    ctx.tap('stats.collect', ({ more }) => {
      more['tls.rate_limited_total'] = limit.refusedTotal;
    });
    ctx.provide('tls.contexts', contextsOf(ctx, state));
    ctx.provide('monitor.section', { varz: () => varzOf(state.client) });
    ctx.provide('auth.authenticator', authenticatorOf(ctx, state));
    ctx.provide('auth.loginTime', (): number | null => loginTimeMs(state.client));
    return state;
  },

  async init(ctx, state) {
    state.handshakes.statuses = ctx.useOptional<CertificateStatuses>('tls.statuses');
    await take(ctx, state, ctx.config);
    ctx.onDispose(ctx.kernel.broker.listener.addOpener(clientOpener(() => state.client)));
    ctx.tap('connection.hello', (info, connection) => {
      if (state.client === null || !isKnownHere(connection.transport.kind)) return undefined;
      return { ...info, ...hello(state.client, connection.transport) };
    });
    // The files may have changed although the block that names them did not.
    ctx.tap('server.reload', () => renew(ctx, state));
  },

  ready({ config, kernel }) {
    if (config.client === null) return;
    kernel.log.info(`TLS ${config.allowsPlain ? 'available' : 'required'} for client connections`);
    if (config.client.handshakeFirst === true) {
      kernel.log.warn('Clients that are not using "TLS Handshake First" option will fail to connect');
    }
  },

  async reload(ctx, state, { before, after }) {
    await take(ctx, state, after);
    for (const line of reloadLines(before, after)) ctx.kernel.log.info(line);
    if (!haveSameKeys(before, after)) closeUnpinned(ctx.kernel.broker, after.client?.pinnedKeys);
  },

  close(_ctx, state) {
    state.stopWatching();
    state.limit.report();
    state.handshakes.abandon();
  },
});

function authenticatorOf({ kernel }: Context, state: State): Authenticator {
  return certificateLogin(state.mappingListeners, {
    debug: (connection, text) => kernel.broker.logOf(connection).debug(text),
    warn: (text) => kernel.log.warn(text),
  });
}

function clientTls(ctx: Context, { handshakes, limit }: State, config: TlsConfig): ClientTls | null {
  if (config.client === null) return null;
  const settings = loadSettings(config.client, ctx.kernel.ports.disk);
  return {
    config,
    settings,
    limit,
    accept: ({ transport }, isFirst, timeoutMs) =>
      handshakes.accept(transport.duplex(), settings, { isFirst, timeoutMs }),
    wrap: ({ stream, facts }, { transport: { remote, local } }) =>
      new StreamTransport(stream, { kind: 'tls', remote, local, tls: facts }),
  };
}

/** Changes nothing when it fails. */
async function take(ctx: Context, state: State, config: TlsConfig): Promise<void> {
  const client = clientTls(ctx, state, config);
  const stop = client === null ? () => {} : await state.handshakes.watchStatuses(client.settings, 'Client');
  state.stopWatching();
  state.stopWatching = stop;
  state.client = client;
}

/** A second more than the handshake may take. */
function loginTimeMs(client: ClientTls | null): number | null {
  return client === null ? null : client.settings.options.timeoutMs + LOGIN_MS;
}

/** What worked goes on until there is something else that works. */
async function renew(ctx: Context, state: State): Promise<void> {
  if (state.client === null) return;
  try {
    await take(ctx, state, state.client.config);
  } catch (error) {
    ctx.log.error(`the certificates stay as they were: ${(error as Error).message}`);
  }
}

function contextsOf(ctx: Context, state: State): TlsContexts {
  const { disk } = ctx.kernel.ports;
  const surroundings: BlockSurroundings = {
    disk,
    handshakes: state.handshakes,
    mapsUsers: ({ mapsUsersOf }, isOn) => {
      if (mapsUsersOf === undefined) return () => {};
      const listener = [mapsUsersOf, isOn] as const;
      state.mappingListeners.add(listener);
      return () => void state.mappingListeners.delete(listener);
    },
  };
  return {
    get client(): TlsSettings | null {
      return state.client?.settings ?? null;
    },
    readBlock: readTlsBlock,
    load: (options: TlsOptions) => loadSettings(options, disk),
    accept: (stream, settings, options = {}) =>
      state.handshakes.accept(stream, settings, { ...options, isFirst: false }),
    open: (node, use) => new OpenBlock(node, use, surroundings),
  };
}

function isKnownHere(kind: string): boolean {
  return isBare({ kind }) || kind === 'tls';
}

interface Hello {
  tls_required?: true;
  tls_verify?: true;
  tls_available?: true;
}

/** Once inside TLS the answer stays what it was outside; who began with TLS is told that it is in use. */
function hello({ config, settings }: ClientTls, transport: { kind: string; tls: TlsFacts | null }): Hello {
  const isOptional = isOptionalFor(transport, config);
  const isFirst = (transport.tls as HandshakeFacts | null)?.isFirst === true;
  return {
    tls_required: isOptional && !isFirst ? undefined : true,
    tls_verify: settings.options.verifies ? true : undefined,
    tls_available: isOptional ? true : undefined,
  };
}
