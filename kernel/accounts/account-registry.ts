/** The accounts of one broker. */
import type { Hooks } from '../hooks/hooks.ts';
import { Account, addTraffic, noTraffic, type Traffic } from './account.ts';
import { InterestAnnouncer } from './interest-announcer.ts';

export const GLOBAL_ACCOUNT = '$G';

export class AccountRegistry {
  readonly global: Account;
  private readonly accounts = new Map<string, Account>();
  private readonly hooks: Hooks;
  private systemAccount: Account | null;

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
    if (known !== undefined) known.isSystem = true;
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

  private create(name: string, isSystem: boolean): Account {
    const account = new Account(name, isSystem);
    this.accounts.set(name, account);
    account.sublist.listener = new InterestAnnouncer(account, this.hooks);
    void this.hooks.accountCreated.slot?.(account);
    return account;
  }
}
