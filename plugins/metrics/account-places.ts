/**
 * Which accounts have series of their own, and what is kept of the others.
 *
 * A sum that is shown as a counter may never fall. So an account stays where it was put first, and what an account
 * that is removed has counted stays in the sums.
 */
import type { HookTypes } from '../../kernel/plugin-api.ts';
import { addTraffic, noTraffic, type Traffic } from './traffic.ts';

type Account = HookTypes['account'];

/** What those without series of their own are called together; no account of that name has any. */
export const OTHER_ACCOUNTS = '_other';

export interface PastAccounts {
  readonly traffic: Traffic;
  readonly clientTraffic: Traffic;
  slowConsumers: number;
}

export function noAccounts(): PastAccounts {
  return { traffic: noTraffic(), clientTraffic: noTraffic(), slowConsumers: 0 };
}

export class AccountPlaces {
  /** Of all accounts that are gone. */
  readonly gone = noAccounts();
  /** Of those among them that had no series of their own. */
  readonly goneOthers = noAccounts();
  private max: number;
  private places = new Map<Account, 'own' | 'other'>();
  private ownCount = 0;

  constructor(max: number) {
    this.max = max;
  }

  hasOwn(account: Account): boolean {
    let place = this.places.get(account);
    if (place === undefined) {
      place = this.ownCount < this.max && account.name !== OTHER_ACCOUNTS ? 'own' : 'other';
      this.places.set(account, place);
      if (place === 'own') this.ownCount++;
    }
    return place === 'own';
  }

  /** Places are given anew: series may begin, end or fall. */
  resize(max: number): void {
    if (max === this.max) return;
    this.max = max;
    this.places = new Map();
    this.ownCount = 0;
  }

  /** Its connections are gone. `others` is what passed over those of them that were no clients. */
  removed(account: Account, others: Readonly<Traffic>): void {
    const hadOwn = this.places.get(account) === 'own';
    this.places.delete(account);
    if (hadOwn) this.ownCount--;
    for (const past of hadOwn ? [this.gone] : [this.gone, this.goneOthers]) {
      addTraffic(past.traffic, account.traffic());
      addTraffic(past.clientTraffic, account.traffic());
      addTraffic(past.clientTraffic, others, -1);
      past.slowConsumers += account.slowConsumers;
    }
  }
}
