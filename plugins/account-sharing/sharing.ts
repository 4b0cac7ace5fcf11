/**
 * Keeps what accounts say of their exports and imports, and has the imports run that are allowed.
 *
 * Whenever somebody's rules change, the imports they have to do with are judged anew. One that is judged as before goes
 * on undisturbed; nothing is decided while messages pass.
 */
import {
  type Account,
  type Broker,
  inTurns,
  type Log,
  outcomeOf,
  type PluginContext,
  type Steps,
} from '../../kernel/plugin-api.ts';
import { AccountImport, ruleKey } from './account-import.ts';
import type { AccountSharing, ImportRule, ImportState, Shares } from './contract.ts';
import { InterestWatch } from './interest-watch.ts';
import { ACCOUNT_MISSING, CYCLE, type ExportRule, Ledger } from './rules/ledger.ts';
import { ActiveRequests } from './services/active-requests.ts';
import { Crossings } from './services/crossings.ts';
import type { PendingCounts, PendingSurroundings } from './services/pending-requests.ts';
import { type MeasureLimits, RemoteMeasures } from './services/remote-measures.ts';
import { Responses } from './services/responses.ts';

interface Sharer {
  readonly account: Account;
  exports: readonly ExportRule[];
  imports: readonly AccountImport[];
}

export interface SharingParts {
  /** Of the plugin: what it taps goes with it. */
  readonly ctx: PluginContext<unknown>;
  /** How many requests of one import may be under way. */
  readonly pendingMax: number;
  readonly limits: MeasureLimits;
}

const NOTHING: readonly never[] = [];

export class Sharing implements AccountSharing {
  readonly counts: PendingCounts = { dropped: 0, expired: 0 };
  pendingMax: number;
  readonly broker: Broker;
  readonly watch: InterestWatch;
  readonly crossings = new Crossings();
  readonly measures: RemoteMeasures;
  /** Of the cluster this server is in; empty for none. */
  clusterName = (): string => '';
  readonly pending: PendingSurroundings;
  private readonly active: ActiveRequests;
  private readonly log: Log;
  private readonly ledger = new Ledger();
  private readonly sharers = new Map<string, Sharer>();
  /** The imports from an account, by its name. */
  private readonly importers = new Map<string, Set<AccountImport>>();
  private readonly answers = new Map<Account, Responses>();
  private readonly circular = new Set<AccountImport>();
  private readonly wanted = new Set<string>();
  /** While several accounts speak: what is judged when all have. */
  private unheard: Set<AccountImport> | null = null;
  /** What accounts that spoke no longer import: it runs until their other imports are judged. */
  private readonly leaving = new Map<Account, readonly AccountImport[]>();
  private isClosed = false;

  constructor({ ctx, pendingMax, limits }: SharingParts) {
    const { broker } = ctx.kernel;
    this.broker = broker;
    this.log = ctx.log;
    this.measures = new RemoteMeasures({ broker, limits, clusterName: () => this.clusterName() });
    this.active = new ActiveRequests(broker.clock);
    this.pending = { clock: broker.clock, counts: this.counts, active: this.active };
    this.watch = new InterestWatch(ctx, this.active);
    this.pendingMax = pendingMax;
  }

  share(account: Account, shares: Shares): void {
    const affected = new Set<AccountImport>();
    const leaving = this.take(account, shares, affected);
    for (const old of leaving) old.end();
    this.addCircular(affected);
    this.judge(affected);
  }

  /** Several accounts at once, a few at a time: none is judged before all have spoken. */
  async shareAll(all: Iterable<readonly [Account, Shares]>, pause: () => Promise<void>): Promise<void> {
    const affected = new Set<AccountImport>();
    this.unheard = affected;
    try {
      await inTurns(this.listening(all, affected), pause);
    } finally {
      this.unheard = null;
    }
    this.addCircular(affected);
    await inTurns(this.judging(affected), pause);
    this.endLeaving();
  }

  exportsOf(account: Account): readonly ExportRule[] {
    return this.sharers.get(account.name)?.exports ?? NOTHING;
  }

  importsOf(account: Account): readonly ImportState[] {
    return this.sharers.get(account.name)?.imports ?? NOTHING;
  }

  /** An account is there that importers may have waited for. */
  accountCreated({ name }: Account): void {
    this.judge(new Set(this.importers.get(name)));
  }

  accountRemoved(account: Account): void {
    const sharer = this.sharers.get(account.name);
    for (const each of sharer?.imports ?? NOTHING) each.abandon();
    if (sharer?.account === account) this.share(account, { exports: NOTHING, imports: NOTHING });
    this.answers.get(account)?.close();
    this.answers.delete(account);
    this.active.accountRemoved(account);
    this.judge(new Set(this.importers.get(account.name)));
  }

  /** The answers an account owes to others. */
  responsesOf = (account: Account): Responses => {
    const known = this.answers.get(account) ?? new Responses(account, this.broker, this.responsesOf);
    this.answers.set(account, known);
    return known;
  };

  /** Requests under way, over all accounts. */
  get pendingCount(): number {
    let count = 0;
    for (const { size } of this.answers.values()) count += size;
    return count;
  }

  close(): void {
    this.isClosed = true;
    this.endLeaving();
    for (const { imports } of this.sharers.values()) for (const each of imports) each.end();
    for (const responses of this.answers.values()) responses.close();
    this.active.close();
    this.measures.close();
    this.sharers.clear();
    this.importers.clear();
    this.answers.clear();
  }

  /** Judged by the rules in force, at once: for the moment an import's time is over. */
  judgeAgain(expired: AccountImport): void {
    this.judge(new Set([expired]));
  }

  private *listening(all: Iterable<readonly [Account, Shares]>, affected: Set<AccountImport>): Steps<void> {
    for (const [account, shares] of all) {
      if (this.isClosed) return;
      // It may have been removed meanwhile.
      if (this.broker.accounts.get(account.name) !== account) continue;
      const old = this.take(account, shares, affected);
      if (old.length > 0) this.leaving.set(account, old);
      yield;
    }
  }

  /**
   * Writes down what the account says now, and adds the imports that are to be judged. Answers those it no longer has:
   * they still run.
   */
  private take(account: Account, shares: Shares, affected: Set<AccountImport>): readonly AccountImport[] {
    const before = this.sharers.get(account.name)?.imports ?? NOTHING;
    const imports = this.importsFrom(account, shares.imports, before);
    const leaving = before.length === 0 ? NOTHING : without(before, imports);
    for (const old of leaving) this.dismiss(old);
    if (shares.exports.length === 0 && imports.length === 0) {
      this.sharers.delete(account.name);
      this.ledger.remove(account.name);
    } else {
      this.sharers.set(account.name, { account, exports: shares.exports, imports });
      this.ledger.open(account.name, shares);
    }
    for (const [at, each] of imports.entries()) {
      each.rule = shares.imports[at] as ImportRule;
      affected.add(each);
    }
    for (const other of this.importers.get(account.name) ?? NOTHING) affected.add(other);
    return leaving;
  }

  /** An import that is said again as it was is the same one. */
  private importsFrom(
    account: Account,
    rules: readonly ImportRule[],
    before: readonly AccountImport[],
  ): readonly AccountImport[] {
    if (before.length === 0) return rules.map((rule) => this.newImport(account, rule));
    const known = new Map(before.filter((old) => old.importer === account).map((old) => [ruleKey(old.rule), old]));
    return rules.map((rule) => {
      const key = ruleKey(rule);
      const same = known.get(key);
      known.delete(key);
      return same !== undefined && same.rule.activation === rule.activation ? same : this.newImport(account, rule);
    });
  }

  private newImport(account: Account, rule: ImportRule): AccountImport {
    const made = new AccountImport(account, rule, this);
    const importers = this.importers.get(rule.account);
    if (importers === undefined) this.importers.set(rule.account, new Set([made]));
    else importers.add(made);
    return made;
  }

  private dismiss(old: AccountImport): void {
    old.isOver = true;
    this.circular.delete(old);
    const importers = this.importers.get(old.rule.account);
    importers?.delete(old);
    if (importers?.size === 0) this.importers.delete(old.rule.account);
  }

  private addCircular(affected: Set<AccountImport>): void {
    for (const blocked of this.circular) affected.add(blocked);
  }

  private judge(imports: Set<AccountImport>): void {
    if (this.unheard === null) outcomeOf(this.judging(imports));
    else for (const each of imports) this.unheard.add(each);
  }

  /** What an account no longer imports ends when its other imports are judged: what goes on does so without a gap. */
  private *judging(imports: ReadonlySet<AccountImport>): Steps<void> {
    for (const each of imports) {
      this.withdraw(each);
      yield;
    }
    const now = this.broker.clock.now();
    for (const each of imports) {
      if (this.isClosed) return;
      for (const old of this.leaving.get(each.importer) ?? NOTHING) old.end();
      if (!each.isOver) this.decide(each, now);
      yield;
    }
  }

  private endLeaving(): void {
    for (const old of this.leaving.values()) for (const each of old) each.end();
    this.leaving.clear();
  }

  private withdraw(each: AccountImport): void {
    if (each.isEntered) this.ledger.withdraw(each.importer.name, each.rule);
    each.isEntered = false;
  }

  private decide(each: AccountImport, now: number): void {
    const { importer, rule } = each;
    // It may have been judged between two steps.
    this.withdraw(each);
    const exporter = this.broker.accounts.get(rule.account);
    const verdict = this.ledger.admit(importer.name, rule, now);
    each.isEntered = verdict.problem === null;
    if (verdict.problem === CYCLE) this.circular.add(each);
    else this.circular.delete(each);
    if (exporter === undefined && verdict.problem === ACCOUNT_MISSING) this.want(rule.account);
    each.settle(verdict, exporter ?? null, now);
  }

  /** Asks for an account that is not loaded. It is judged when it is there. */
  private want(name: string): void {
    if (this.wanted.has(name) || this.broker.hooks.accountResolve.slot === null) return;
    this.wanted.add(name);
    void this.broker
      .resolveAccount(name)
      .catch((error: unknown) => this.log.error(`account "${name}", which others import from: ${String(error)}`))
      .finally(() => this.wanted.delete(name));
  }
}

function without(before: readonly AccountImport[], kept: readonly AccountImport[]): readonly AccountImport[] {
  const staying = new Set(kept);
  return before.filter((old) => !staying.has(old));
}
