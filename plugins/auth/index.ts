/** Who may log in, and what they may do: users, passwords, tokens, keys, permissions. */
import {
  type Connection,
  type Disposer,
  definePlugin,
  inTurns,
  isClient,
  outcomeOf,
  type PluginContext,
  type ServerInfo,
  type Steps,
} from '../../kernel/plugin-api.ts';
import { type AuthConfig, authSchema, reloadAnswer, reloadLines } from './config.ts';
import { AUTHENTICATOR, type AuthDesk, type Authenticator, LOGIN_TIME, type LoginTime } from './contract.ts';
import { BcryptWorker } from './credentials/bcrypt-worker.ts';
import { FailedLogins } from './credentials/failed-logins.ts';
import { Secrets } from './credentials/secret.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { Relogin } from './relogin.ts';
import { hasPlainPasswords, UserDirectory } from './user-directory.ts';

type Context = PluginContext<AuthConfig>;

const DIGEST_KEY_BYTES = 32;

export const plugin = definePlugin<AuthConfig, AuthState>({
  name: 'auth',
  version: '1.0.0',
  api: [1],
  summary: 'Users, passwords, tokens, nkeys and permissions',
  requires: [
    { name: AUTHENTICATOR, cardinality: 'chain', optional: true },
    { name: LOGIN_TIME, cardinality: 'one', optional: true },
  ],
  config: {
    key: 'authorization',
    also: [{ key: 'no_auth_user' }, { key: 'proxies' }],
    accountKeys: ['users', 'default_permissions'],
    schema: authSchema,
    live: reloadAnswer,
  },

  register: (ctx) => new AuthState(ctx),

  init(ctx, state) {
    state.gatekeeper.authenticators = ctx.useAll<Authenticator>(AUTHENTICATOR).map(({ value }) => value);
    refuseIdleCallout(ctx.config, state.gatekeeper.authenticators);
    state.loginTime = ctx.useOptional<LoginTime>(LOGIN_TIME);
    if (hasPlainPasswords(ctx.config)) ctx.kernel.log.warn('Plaintext passwords detected, use nkeys or bcrypt');
    state.start();
  },

  async reload(ctx, state, { before, after }) {
    const directory = await inTurns(state.directoryFor(after), () => turnOf(ctx));
    for (const line of reloadLines(before, after)) ctx.kernel.log.info(line);
    state.apply(after, directory);
    state.relogin.askEverybody();
  },
});

function turnOf({ kernel }: Context): Promise<void> {
  return new Promise((resolve) => kernel.ports.clock.soon(resolve));
}

class AuthState {
  readonly gatekeeper: Gatekeeper;
  readonly relogin: Relogin;
  readonly desk: AuthDesk = { reconsider: (isConcerned) => this.reconsider(isConcerned) };
  loginTime: LoginTime | undefined;
  private readonly ctx: Context;
  private readonly failedLogins: FailedLogins;
  private readonly defaultTimeoutMs: number;
  private config: AuthConfig;
  private stopAsking: Disposer | null = null;
  /** As the log knows it. */
  private toldTimeoutMs = 0;

  constructor(ctx: Context) {
    const { config, kernel } = ctx;
    const { clock } = kernel.ports;
    this.ctx = ctx;
    this.config = config;
    this.defaultTimeoutMs = kernel.broker.options.authTimeoutMs;
    this.failedLogins = new FailedLogins(limitOf(config), () => clock.monotonic());
    const worker = new BcryptWorker({
      after: (milliseconds, run) => ctx.after(milliseconds, run),
      failed: (error) => ctx.log.error(`bcrypt: ${error.message}; who waited for it is refused`),
    });
    ctx.onDispose(() => worker.close());
    this.gatekeeper = new Gatekeeper(outcomeOf(this.directoryFor(config)), {
      secrets: new Secrets({
        key: kernel.ports.random.bytes(DIGEST_KEY_BYTES),
        compute: (stored, given) => worker.compare(stored, given),
      }),
      failedLogins: this.failedLogins,
      warn: (text) => ctx.log.warn(text),
    });
    this.relogin = new Relogin(kernel.broker, this.gatekeeper);
    ctx.tap('connection.hello', (info, connection) => this.greet(info, connection));
    ctx.tap('stats.collect', ({ more }) => {
      more['auth.blocked_logins'] = this.failedLogins.blocked;
    });
    // What holds by default may be different after a reload.
    ctx.tap('server.reload', () => this.tellTimeout());
  }

  start(): void {
    // Which account is the system's may have been decided meanwhile.
    this.apply(this.config, outcomeOf(this.directoryFor(this.config)));
    this.toldTimeoutMs = this.ctx.kernel.broker.options.authTimeoutMs;
  }

  apply(config: AuthConfig, directory: UserDirectory): void {
    this.gatekeeper.replaceDirectory(directory);
    this.config = config;
    this.failedLogins.limit = limitOf(config);
    for (const authenticator of this.gatekeeper.authenticators)
      authenticator.configured?.(this.gatekeeper.current, this.desk);
    this.applyTimeout();
    this.askOrNot();
  }

  private reconsider(isConcerned: (connection: Connection) => boolean): void {
    this.askOrNot();
    this.relogin.askThose(isConcerned);
  }

  directoryFor(config: AuthConfig): Steps<UserDirectory> {
    return UserDirectory.inSteps(config, this.ctx.kernel.broker.options.systemAccount);
  }

  private applyTimeout(): void {
    const { broker } = this.ctx.kernel;
    // 0 is as good as nothing.
    const authTimeoutMs = this.config.timeoutMs || (this.loginTime?.() ?? this.defaultTimeoutMs);
    if (broker.options.authTimeoutMs !== authTimeoutMs) broker.options = { ...broker.options, authTimeoutMs };
  }

  private tellTimeout(): void {
    const before = this.toldTimeoutMs;
    this.applyTimeout();
    this.toldTimeoutMs = this.ctx.kernel.broker.options.authTimeoutMs;
    if (this.toldTimeoutMs === before) return;
    this.ctx.kernel.log.info(`Reloaded: authorization timeout = ${this.toldTimeoutMs / 1000}`);
  }

  /** While nobody has to log in nobody is asked: a client may then begin with whatever it likes. */
  private askOrNot(): void {
    const asks = this.gatekeeper.isAsked;
    if (asks === (this.stopAsking !== null)) return;
    this.stopAsking?.();
    this.stopAsking = asks
      ? this.ctx.tap('connection.authenticate', (connection, credentials) =>
          this.gatekeeper.judge(connection, credentials),
        )
      : null;
  }

  private greet(info: ServerInfo, connection: Connection): ServerInfo | undefined {
    const { gatekeeper } = this;
    const isAsked = gatekeeper.isLoginRequired && !gatekeeper.current.isHidden;
    if (!isAsked && !gatekeeper.isNonceNeeded) return undefined;
    const told = { ...info };
    if (isAsked) told.auth_required = true;
    if (gatekeeper.isNonceNeeded && isClient(connection)) told.nonce = connection.nonce;
    return told;
  }
}

/** To accept the block and not act on it would let in whoever knows a password. */
function refuseIdleCallout({ callout }: AuthConfig, authenticators: readonly Authenticator[]): void {
  if (callout === null || authenticators.some(({ takesCallouts }) => takesCallouts === true)) return;
  throw new Error('"auth_callout" needs the plugin "auth-callout"; list it, or take "auth_callout" out');
}

function limitOf({ failedLoginsMax, failedLoginWindowMs }: AuthConfig): { max: number; windowMs: number } {
  return { max: failedLoginsMax, windowMs: failedLoginWindowMs };
}
