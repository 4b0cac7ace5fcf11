/** What has gone over lines to other servers, by account. */
import { type Account, addTraffic, noTraffic, type Traffic } from '../../kernel/plugin-api.ts';
import type { RouteConnection } from './route-connection.ts';
import type { RouteLink } from './route-link.ts';

export class AccountTraffic {
  /** Over lines that are gone. */
  private readonly past = new WeakMap<Account, Traffic>();

  /** The line ends. */
  keep(link: RouteLink): void {
    const sum = this.past.get(link.account) ?? noTraffic();
    addTraffic(sum, link);
    this.past.set(link.account, sum);
  }

  of(account: Account, connections: Iterable<RouteConnection>): Traffic {
    const sum = noTraffic();
    addTraffic(sum, this.past.get(account) ?? sum);
    for (const { foreign } of connections) {
      const link = foreign.known(account);
      if (link !== undefined) addTraffic(sum, link);
    }
    return sum;
  }
}
