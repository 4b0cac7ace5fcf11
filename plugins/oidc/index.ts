/** Lets in whoever has a token of an identity provider (OpenID Connect): a JWT, checked with the provider's public keys. */
import { CloseReason, definePlugin, isClient, type PluginContext } from '../../kernel/plugin-api.ts';
import { type Directory, OidcAuthenticator } from './authenticator.ts';
import type { KeyOptions } from './config/key-options.ts';
import { type OidcConfig, oidcSchema } from './config.ts';
import { Figures } from './figures.ts';
import { placeOf } from './keys/key-place.ts';
import { KeySource } from './keys/key-source.ts';
import { type Jose, Provider } from './provider.ts';
import { Gate } from './token/gate.ts';

const AUTHENTICATOR = 'auth.authenticator';

type Context = PluginContext<OidcConfig>;

export const plugin = definePlugin<OidcConfig, OidcState>({
  name: 'oidc',
  version: '1.0.0',
  api: [1],
  summary: 'Users with a token of an identity provider (OpenID Connect)',
  provides: [{ name: AUTHENTICATOR, cardinality: 'chain' }],
  config: { key: 'oidc', schema: oidcSchema, live: 'live' },

  register: (ctx) => new OidcState(ctx),

  init: (ctx, state) => state.open(ctx.config),

  listen(_ctx, { authenticator }) {
    if (authenticator.isLoginRequired && authenticator.desk === null) throw nobodyAsks();
  },

  reload: (_ctx, state, { after }) => state.change(after),

  close: (_ctx, state) => state.close(),
});

/** The block would keep out nobody. */
function nobodyAsks(): Error {
  return new Error('nobody asks "oidc" who clients are; add "auth" to the list of plugins, and restart the broker');
}

class OidcState {
  readonly authenticator: OidcAuthenticator;
  private readonly ctx: Context;
  private readonly figures = new Figures();
  private readonly gate = new Gate();
  /** By their options: a reload that leaves these alone keeps the keys. */
  private sources = new Map<string, KeySource>();

  constructor(ctx: Context) {
    this.ctx = ctx;
    const { broker } = ctx.kernel;
    const nobody = { config: ctx.config, providers: new Map() };
    this.authenticator = new OidcAuthenticator(nobody, this.figures, () => broker.options.authTimeoutMs);
    ctx.provide(AUTHENTICATOR, this.authenticator);
    ctx.tap('stats.collect', ({ more }) => this.figures.addTo(more));
    ctx.tap('server.reload', () => this.readFilesAgain());
  }

  async open(config: OidcConfig): Promise<void> {
    const fresh = new Map<string, KeySource>();
    this.authenticator.directory = await this.directoryFor(config, fresh);
    this.sources = fresh;
  }

  async change(config: OidcConfig): Promise<void> {
    const { authenticator, sources } = this;
    if (config.providers.length > 0 && authenticator.desk === null) throw nobodyAsks();
    const wasOpen = !authenticator.isLoginRequired;
    await this.open(config);
    for (const [key, source] of sources) if (this.sources.get(key) !== source) source.close();
    this.dismissOrphans();
    authenticator.desk?.reconsider((connection) => wasOpen || authenticator.letIn(connection));
  }

  /** Whether or not others would let them in now: they came by a word that no longer counts. */
  private dismissOrphans(): void {
    for (const connection of [...this.ctx.kernel.broker.connections.values()]) {
      if (!isClient(connection) || !this.authenticator.isOrphan(connection)) continue;
      connection.sendError('Authorization Violation');
      connection.close(CloseReason.authenticationFailure);
    }
  }

  close(): void {
    for (const source of this.sources.values()) source.close();
  }

  /** Keys that cannot be had now are no reason not to start: they are asked for again. */
  private async directoryFor(config: OidcConfig, fresh: Map<string, KeySource>): Promise<Directory> {
    if (config.providers.length === 0) return { config, providers: new Map() };
    const jose = await import('jose');
    const world = { jose, gate: this.gate, clock: this.ctx.kernel.ports.clock, figures: this.figures };
    const providers = config.providers.map((options) => {
      const keys = this.sourceFor(options.keys, jose, fresh);
      return [options.issuer, new Provider(options, keys, world)] as const;
    });
    const added = [...fresh].filter(([key, source]) => this.sources.get(key) !== source);
    await Promise.all(added.map(([, source]) => source.load()));
    return { config, providers: new Map(providers) };
  }

  private sourceFor(options: KeyOptions, jose: Jose, fresh: Map<string, KeySource>): KeySource {
    const key = JSON.stringify(options);
    const source = fresh.get(key) ?? this.sources.get(key) ?? this.newSource(options, jose);
    fresh.set(key, source);
    return source;
  }

  private newSource(options: KeyOptions, { createLocalJWKSet }: Jose): KeySource {
    const { ctx, figures } = this;
    const { ports } = ctx.kernel;
    return new KeySource(placeOf(options, ports), options, {
      clock: ports.clock,
      log: ctx.log,
      figures,
      after: (milliseconds, run) => ctx.after(milliseconds, run),
      finderOf: (set) => createLocalJWKSet(set),
    });
  }

  /** Whoever edits a file and reloads means it to count now. */
  private async readFilesAgain(): Promise<void> {
    const files = [...this.sources.values()].filter(({ isFile }) => isFile);
    const isChanged = (await Promise.all(files.map((source) => source.load()))).includes(true);
    const { authenticator } = this;
    if (isChanged) authenticator.desk?.reconsider((connection) => authenticator.letIn(connection));
  }
}
