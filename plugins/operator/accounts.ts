/** The life of the accounts: made from a token, changed by the next, over when the time is over. */
import { type Account, CloseReason, type PluginContext } from '../../kernel/plugin-api.ts';
import { type AccountClaims, readAccount } from '../../protocols/jwt/account-claims.ts';
import { MemberReader } from '../../protocols/jwt/member-reader.ts';
import type { AccountSharing } from '../account-sharing/contract.ts';
import { AccountLoader } from './account-loader.ts';
import { endAll, reviewConnections } from './account-review.ts';
import { settingsOf } from './account-settings.ts';
import { Allowances } from './allowances.ts';
import type { OperatorConfig } from './config.ts';
import type { AccountResolver } from './contract.ts';
import type { KeyCache } from './genuine-token.ts';
import { OperatorAccount, type Terms, termsOf } from './operator-account.ts';
import { sharesOf } from './shares.ts';
import type { Trust } from './trust.ts';
import type { UserLogin } from './user-login.ts';

const SECOND = 1000;
/** Accounts looked at in one turn. */
const SLICE = 64;
const VALIDATION_FAILED = 'account validation failed';

export interface AccountsParts {
  readonly ctx: PluginContext<OperatorConfig>;
  readonly trust: Trust;
  readonly keys: KeyCache;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
}

export class Accounts {
  readonly loader: AccountLoader;
  readonly allowances: Allowances;
  /** Null where no plugin lets accounts share. */
  sharing: AccountSharing | null = null;
  /** Who let in those whom a change concerns. */
  login: UserLogin | null = null;
  private readonly parts: AccountsParts;

  constructor(parts: AccountsParts, timeoutMs: () => number) {
    const { ctx, trust } = parts;
    this.parts = parts;
    this.loader = new AccountLoader({
      trust,
      timeoutMs,
      monotonic: () => ctx.kernel.ports.clock.monotonic(),
      after: (ms, run) => ctx.after(ms, run),
      warn: (text) => ctx.log.warn(text),
      install: (token, claims) => this.install(token, claims),
      renew: (account, token) => this.renew(account, token),
    });
    this.allowances = new Allowances(
      () => this.loader.accounts.values(),
      async (key) => !('failure' in (await this.loader.load(key))),
    );
  }

  /** An account that has no token yet, for those whom its own key vouches for. */
  bootstrap(account: Account, issuer: string): OperatorAccount {
    const made = new OperatorAccount(account, bootstrapTerms(account.name, issuer), this.monotonic, this.now);
    this.loader.accounts.set(account.name, made);
    return made;
  }

  /** Has a loaded account go by another token. Null, or what is wrong, in the words a NATS server answers with. */
  async update(key: string, token: string): Promise<string | null> {
    this.loader.forgetFailure(key);
    const account = this.loader.accounts.get(key);
    return account === undefined ? null : this.renew(account, token);
  }

  /** There is no such account any more: nobody may use it. */
  end(key: string): void {
    const account = this.loader.accounts.get(key);
    if (account === undefined) return;
    this.parts.ctx.log.debug(`Disable account ${key} due to remove`);
    const limits = { maxConnections: 0, maxSubscriptions: 0, maxPayload: 0 };
    const close = (): unknown => this.parts.ctx.kernel.broker.configureAccount({ name: key, limits });
    // Unless it has a new token by then.
    void this.expire(account).then(() => (account.isExpired ? close() : undefined));
  }

  /**
   * The resolver has other tokens: every loaded account goes by its own now. What has none, or one that is of no use, is no
   * account any more, and its clients have to leave.
   */
  async followResolver(resolver: AccountResolver): Promise<void> {
    const { log } = this.parts.ctx.kernel;
    this.loader.forgetFailures();
    let count = 0;
    for (const account of [...this.loader.accounts.values()]) {
      const token = await resolver.fetch(account.key);
      const isSound = token !== null && (await this.renew(account, token)) === null;
      if (!isSound) {
        log.info(`Reloaded: deleting account [${token === null ? 'removed' : 'bad claims'}]: "${account.key}"`);
        this.forget(account);
      }
      if (++count % SLICE === 0) await this.parts.pause();
    }
  }

  private forget(account: OperatorAccount): void {
    const { broker } = this.parts.ctx.kernel;
    this.loader.accounts.delete(account.key);
    void this.allowances.gone(account);
    account.replaceTimer(() => {});
    this.sharing?.share(account.account, { exports: [], imports: [] });
    for (const connection of [...account.account.connections, ...account.account.links]) {
      connection.sendError('Authorization Violation');
      connection.close(CloseReason.authenticationFailure);
    }
    broker.accounts.remove(account.key);
  }

  private async install(token: string, claims: AccountClaims): Promise<OperatorAccount> {
    const { ctx, trust } = this.parts;
    const { broker, ports } = ctx.kernel;
    const terms = termsOf(token, claims, trust.isStrict);
    const shares = await this.sharesOf(terms);
    const account = broker.configureAccount({ name: claims.subject, ...settingsOf(claims, ports.random) });
    const made = new OperatorAccount(account, terms, this.monotonic, this.now);
    this.loader.accounts.set(made.key, made);
    this.expireInTime(made);
    this.sharing?.share(account, shares);
    await this.allowances.changed(made);
    return made;
  }

  /** One token after the other, in the order in which they came. */
  private renew(known: OperatorAccount, token: string): Promise<string | null> {
    const changing = known.changing.then(() => this.change(known, token));
    known.changing = changing.catch(() => {});
    return changing;
  }

  private async change(known: OperatorAccount, token: string): Promise<string | null> {
    const { ctx, trust } = this.parts;
    if (token === known.terms.token && !known.isExpired) {
      ctx.log.debug(`Requested account update for [${known.key}], same claims detected`);
      return null;
    }
    const claims = await trust.account(token);
    if ('failure' in claims) return this.invalid(known.key, claims.failure);
    if (claims.subject !== known.key) return this.invalid(known.key, 'the token is about another account');
    const terms = termsOf(token, claims, trust.isStrict);
    const shares = await this.sharesOf(terms);
    known.agree(terms, this.now);
    known.isExpired = false;
    known.askedAt = this.monotonic;
    this.expireInTime(known);
    this.sharing?.share(known.account, shares);
    await this.allowances.changed(known);
    ctx.kernel.broker.configureAccount({ name: known.key, ...settingsOf(claims, ctx.kernel.ports.random) });
    if (this.login !== null) await reviewConnections(known, this.login, this.parts.pause);
    return null;
  }

  private invalid(key: string, failure: string): string {
    this.parts.ctx.log.warn(`Account [${key}] keeps its token, the new one cannot be used: ${failure}`);
    return VALIDATION_FAILED;
  }

  private sharesOf({ claims, signers }: Terms): ReturnType<typeof sharesOf> {
    const { keys } = this.parts;
    return sharesOf({ claims, signers, keys, now: () => this.now / SECOND });
  }

  private expireInTime(account: OperatorAccount): void {
    const { expiresAt } = account.terms.claims;
    const { ctx } = this.parts;
    const ms = Math.max(0, expiresAt * SECOND - this.now);
    account.replaceTimer(expiresAt === 0 ? () => {} : ctx.after(ms, () => this.expire(account)));
  }

  private expire(account: OperatorAccount): Promise<void> {
    account.isExpired = true;
    account.replaceTimer(() => {});
    return endAll(account, this.parts.pause);
  }

  private get now(): number {
    return this.parts.ctx.kernel.ports.clock.now();
  }

  private get monotonic(): number {
    return this.parts.ctx.kernel.ports.clock.monotonic();
  }
}

const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };
const UNDATED = { name: '', audience: '', id: '', issuedAt: 0, notBefore: 0, expiresAt: 0, tags: [], version: 2 };

/** Nothing is limited: whoever has the account's own key is to bring the account its token. */
function bootstrapTerms(key: string, issuer: string): Terms {
  const claims = readAccount({ ...UNDATED, subject: key, issuer }, new MemberReader({ limits: UNLIMITED }, ''));
  return termsOf('', claims, false);
}
