/** The parts of operator mode, put together, and when they open and change. */
import { isClient, type PluginContext } from '../../kernel/plugin-api.ts';
import type { AccountSharing } from '../account-sharing/contract.ts';
import { MISSING } from './account-loader.ts';
import { reviewNewcomer } from './account-review.ts';
import { Accounts } from './accounts.ts';
import { isSameResolver, type OperatorConfig } from './config.ts';
import { ACCOUNT_ALLOWANCES, type AccountResolver, type ResolverKind, type ResolverOptions } from './contract.ts';
import { KeyCache } from './genuine-token.ts';
import { OperatorMonitor } from './monitor.ts';
import { UsersOfOperator } from './operator-users.ts';
import { preloadProblem } from './preloads.ts';
import { OperatorResolverHost } from './resolver-host.ts';
import { Trust } from './trust.ts';
import { UserLogin } from './user-login.ts';
import { UserTokens } from './user-token.ts';

export const AUTHENTICATOR = 'auth.authenticator';
export const OPERATOR_USERS = 'operator.users';
export const MONITOR_SECTION = 'monitor.section';
export const RESOLVER = 'account.resolver';
export const SHARING = 'account.sharing';

/** The resolver that has nothing but preloads. */
const MEMORY = 'memory';

const SECOND = 1000;
const FETCH_TIMEOUT_MS = 1900;
/** Keys of those who sign much, such as operators: a key is read in ten microseconds, and takes a kilobyte. */
const ISSUER_KEYS_MAX = 256;
const USER_TOKENS_MAX = 4096;

export class OperatorMode {
  private readonly ctx: PluginContext<OperatorConfig>;
  private readonly keys = new KeyCache(ISSUER_KEYS_MAX);
  private readonly trust: Trust;
  private readonly accounts: Accounts;
  private readonly login: UserLogin;
  private config: OperatorConfig;
  private resolver: AccountResolver | null = null;

  constructor(ctx: PluginContext<OperatorConfig>) {
    const { config, kernel } = ctx;
    const now = (): number => kernel.ports.clock.now();
    this.ctx = ctx;
    this.config = config;
    const pause = (): Promise<void> => new Promise((resolve) => kernel.ports.clock.soon(resolve));
    this.trust = new Trust(config, { keys: this.keys, now: () => now() / SECOND, pause });
    const parts = { ctx, trust: this.trust, keys: this.keys, pause };
    this.accounts = new Accounts(parts, () => timeoutOf(this.config));
    const { loader } = this.accounts;
    const tokens = new UserTokens(this.keys, USER_TOKENS_MAX);
    this.login = new UserLogin({ trust: this.trust, loader, tokens, now, settings: () => this.config });
    this.accounts.login = this.login;
    ctx.provide(AUTHENTICATOR, this.login);
    ctx.provide(OPERATOR_USERS, new UsersOfOperator(this.login, loader));
    ctx.provide(ACCOUNT_ALLOWANCES, this.accounts.allowances);
    ctx.provide(MONITOR_SECTION, new OperatorMonitor(config, loader.accounts));
    this.tap();
  }

  private tap(): void {
    const { ctx, login, accounts } = this;
    ctx.tap('server.configure', (options) => {
      const { systemAccount } = this.config;
      return systemAccount === null || options.systemAccount === null ? undefined : { ...options, systemAccount };
    });
    ctx.tap('account.resolve', async (name) => {
      await accounts.loader.load(name);
      return undefined;
    });
    ctx.tap('connection.authenticated', (connection) => {
      const account = accounts.loader.accounts.get(connection.account.name);
      if (account !== undefined && isClient(connection)) reviewNewcomer(connection, account, login);
    });
  }

  async open(): Promise<void> {
    const { ctx, config, accounts } = this;
    this.introduce();
    accounts.sharing = ctx.useOptional<AccountSharing>(SHARING) ?? null;
    await this.openResolver(config);
  }

  /** After a restart, those who are connected are asked again: only who was let in from here is known here. */
  recognize(): void {
    for (const connection of [...this.ctx.kernel.broker.connections.values()]) {
      if (isClient(connection) && !connection.isClosed && !connection.awaitsConnect) void connection.loginAgain();
    }
  }

  async change(after: OperatorConfig): Promise<void> {
    const { config, resolver } = this;
    this.config = after;
    if (resolver !== null && after.resolver !== null && isSameResolver(config.resolver, after.resolver)) {
      await this.preload(after.resolver, resolver, after);
    } else {
      await this.openResolver(after);
    }
  }

  /** In place of the one before, if there is any. */
  private async openResolver(config: OperatorConfig): Promise<void> {
    const { loader } = this.accounts;
    await this.close();
    if (config.resolver === null) return;
    await this.checkPreloads(config.resolver);
    this.resolver = await this.kindOf(config.resolver).open(config.resolver, this.host());
    loader.resolver = this.resolver;
    loader.forgetFailures();
    await this.loadSystemAccount(config);
  }

  private async preload(
    options: ResolverOptions,
    resolver: AccountResolver,
    { systemAccount }: OperatorConfig,
  ): Promise<void> {
    const { preloads, type } = options;
    if (type === MEMORY && systemAccount !== null && !preloads.has(systemAccount)) {
      throw new Error(`error resolving system account: ${MISSING}`);
    }
    await this.checkPreloads(options);
    await resolver.preload?.(preloads);
    // Whoever keeps tokens elsewhere tells of each that is new; here those that are gone matter as well.
    if (type === MEMORY) await this.accounts.followResolver(resolver);
  }

  async close(): Promise<void> {
    const { resolver } = this;
    this.resolver = null;
    this.accounts.loader.resolver = null;
    await resolver?.close();
  }

  private introduce(): void {
    const { log } = this.ctx.kernel;
    const { operators } = this.config;
    if (operators.length === 0) return;
    log.info('Trusted Operators');
    for (const { claims } of operators) {
      log.info(`  System  : ${JSON.stringify(claims.audience)}`);
      log.info(`  Operator: ${JSON.stringify(claims.name)}`);
      log.info(`  Issued  : ${dateText(claims.issuedAt)}`);
      log.info(`  Expires : ${claims.expiresAt === 0 ? 'Never' : dateText(claims.expiresAt)}`);
    }
  }

  private async checkPreloads({ preloads }: ResolverOptions): Promise<void> {
    const problem = await preloadProblem(preloads, this.keys, this.ctx.kernel.ports.clock);
    if (problem !== null) throw new Error(problem);
  }

  private kindOf({ type }: ResolverOptions): ResolverKind {
    const kinds = this.ctx.useAll<ResolverKind>(RESOLVER);
    const kind = kinds.find(({ id }) => id === type);
    if (kind !== undefined) return kind.value;
    const known = kinds.map(({ id }) => `"${id}"`).join(', ') || 'none';
    throw new Error(`no plugin keeps accounts in a resolver of type "${type}"; the types of this broker: ${known}`);
  }

  private host(): OperatorResolverHost {
    const { ctx, trust, keys, accounts } = this;
    const { system, global } = ctx.kernel.broker.accounts;
    // Without a system account nobody can ask anything of a resolver; it serves where nobody is.
    return new OperatorResolverHost({ ctx, trust, keys, accounts, system: system ?? global });
  }

  /** Where accounts come from other servers, or are yet to be pushed here, the first who pushes must be let in. */
  private async loadSystemAccount({ operators, resolver, systemAccount }: OperatorConfig): Promise<void> {
    const { system } = this.ctx.kernel.broker.accounts;
    if (system === null || systemAccount === null) return;
    const outcome = await this.accounts.loader.load(system.name);
    if (!('failure' in outcome)) return;
    const [operator] = operators;
    if (resolver!.type === MEMORY || operator === undefined || operators.length > 1) {
      throw new Error(`error resolving system account: ${outcome.failure}`);
    }
    this.accounts.bootstrap(system, operator.claims.issuer);
  }
}

function timeoutOf({ resolver }: OperatorConfig): number {
  return resolver?.timeoutMs ?? FETCH_TIMEOUT_MS;
}

function dateText(seconds: number): string {
  const [day, time] = new Date(seconds * SECOND).toISOString().split('T');
  return `${day} ${time!.slice(0, 8)} +0000 UTC`;
}
