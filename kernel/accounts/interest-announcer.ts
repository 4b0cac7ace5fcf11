/** Turns what happens in an account's Sublist into the hooks `interest.first` and `interest.last`. */
import type { Hooks } from '../hooks/hooks.ts';
import type { InterestListener } from '../routing/sublist.ts';
import type { Subscription } from '../routing/subscription.ts';
import type { Account } from './account.ts';

export class InterestAnnouncer implements InterestListener {
  private readonly account: Account;
  private readonly hooks: Hooks;

  constructor(account: Account, hooks: Hooks) {
    this.account = account;
    this.hooks = hooks;
  }

  first(pattern: string, queue: string, subscription: Subscription): void {
    this.hooks.interestFirst.slot?.(this.account, pattern, queue, subscription);
  }

  changed(pattern: string, queue: string, subscription: Subscription): void {
    this.hooks.interestChanged.slot?.(this.account, pattern, queue, subscription);
  }

  last(pattern: string, queue: string, subscription: Subscription): void {
    this.hooks.interestLast.slot?.(this.account, pattern, queue, subscription);
  }

  staying(subscription: Subscription): void {
    this.hooks.interestStaying.slot?.(this.account, subscription);
  }
}
