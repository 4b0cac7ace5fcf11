/** The accounts of one broker. */
import type { Hooks } from '../hooks/hooks.ts';
import { Sublist } from '../routing/sublist.ts';

import { type ServiceSink, Subscription } from '../routing/subscription.ts';
import { Account, addTraffic, noTraffic, type Traffic } from './account.ts';
import { InterestAnnouncer } from './interest-announcer.ts';

export const GLOBAL_ACCOUNT = '$G';

export class AccountRegistry {
  readonly global: Account;
  private readonly accounts = new Map<string, Account>();
  private readonly hooks: Hooks;
  private systemAccount: Account | null;
  /** Kept once, however many accounts there are. */
  private readonly everywhere = new Sublist();

  constructor(hooks: Hooks, systemName: string | null) {
    this.hooks = hooks;
    this.systemAccount = systemName === null ? null : this.create(systemName, true);
    this.global = this.accounts.get(GLOBAL_ACCOUNT) ?? this.create(GLOBAL_ACCOUNT, false);
  }

  /** Null when the broker runs without one. */
  get system(): Account | null {
    return this.systemAccount;
  }

  /** Another account is the system's from now on, and the one before is forgotten. Nobody may be connected yet. */
  appointSystem(name: string | null): void {
    const before = this.systemAccount;
    if (name === (before?.name ?? null)) return;
    this.systemAccount = null;
    if (before !== null) this.remove(before.name);
    const known = name === null ? undefined : this.accounts.get(name);
    if (known !== undefined) {
      known.isSystem = true;
      known.sublist.everywhere = null;
    }
    this.systemAccount = name === null ? null : (known ?? this.create(name, true));
  }

  get(name: string): Account | undefined {
    return this.accounts.get(name);
  }

  all(): IterableIterator<Account> {
    return this.accounts.values();
  }

  get size(): number {
    return this.accounts.size;
  }

  /** The account of that name, made when it is missing. */
  ensure(name: string): Account {
    return this.accounts.get(name) ?? this.create(name, false);
  }

  /** Forgets an account. Its connections must be gone. */
  remove(name: string): void {
    const account = this.accounts.get(name);
    if (account === undefined || account === this.global || account === this.system) return;
    this.accounts.delete(name);
    void this.hooks.accountRemoved.slot?.(account);
  }

  /**
   * Serves a subject that begins with `$` in every account but the system's, those to come included, without a subscription in
   * each. Nobody is told of such interest. Answers what ends it.
   */
  serveEverywhere(pattern: string, sink: ServiceSink): () => void {
    if (!pattern.startsWith('$'))
      throw new Error(`"${pattern}" does not begin with "$": it cannot be served everywhere`);
    const subscription = new Subscription(sink, pattern, '', '');
    this.everywhere.insert(subscription);
    this.forgetPlans();
    return () => {
      this.everywhere.remove(subscription);
      this.forgetPlans();
    };
  }

  get subscriptionCount(): number {
    let count = 0;
    for (const account of this.accounts.values()) count += account.sublist.count;
    return count;
  }

  traffic(): Traffic {
    const sum = noTraffic();
    for (const account of this.accounts.values()) addTraffic(sum, account.traffic());
    return sum;
  }

  /** Whoever remembers where a subject leads has to look again. */
  private forgetPlans(): void {
    const everywhere = this.everywhere.count === 0 ? null : this.everywhere;
    for (const { sublist, isSystem } of this.accounts.values()) {
      sublist.everywhere = isSystem ? null : everywhere;
      sublist.generation++;
    }
  }

  private create(name: string, isSystem: boolean): Account {
    const account = new Account(name, isSystem);
    this.accounts.set(name, account);
    if (!isSystem && this.everywhere.count > 0) account.sublist.everywhere = this.everywhere;
    account.sublist.listener = new InterestAnnouncer(account, this.hooks);
    void this.hooks.accountCreated.slot?.(account);
    return account;
  }
}
