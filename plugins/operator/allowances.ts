/** Tells those who keep things for accounts how much each may keep. */
import type { AccountAllowances, AllowanceListener } from './contract.ts';
import type { OperatorAccount } from './operator-account.ts';

export class Allowances implements AccountAllowances {
  private readonly listeners = new Set<AllowanceListener>();
  private readonly known: () => Iterable<OperatorAccount>;
  private readonly find: (accountKey: string) => Promise<boolean>;

  constructor(known: () => Iterable<OperatorAccount>, find: (accountKey: string) => Promise<boolean>) {
    this.known = known;
    this.find = find;
  }

  load(accountKey: string): Promise<boolean> {
    return this.find(accountKey);
  }

  watch(listener: AllowanceListener): () => void {
    this.listeners.add(listener);
    for (const account of this.known()) void listener(account.account, allowedTo(account));
    return () => this.listeners.delete(listener);
  }

  async changed(account: OperatorAccount): Promise<void> {
    for (const listener of this.listeners) await listener(account.account, allowedTo(account));
  }

  async gone({ account }: OperatorAccount): Promise<void> {
    for (const listener of this.listeners) await listener(account, null);
  }
}

function allowedTo({ terms: { claims } }: OperatorAccount): Parameters<AllowanceListener>[1] {
  const { storage, tiers } = claims.limits;
  return { whole: storage, tiers };
}
