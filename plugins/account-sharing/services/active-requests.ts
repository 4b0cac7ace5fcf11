/** The lists of requests that have a timer running, by the account whose requests they are. */
import type { Account } from '../../../kernel/plugin-api.ts';
import type { PendingRequests } from './pending-requests.ts';

const NOBODY: ReadonlySet<PendingRequests> = new Set();

export class ActiveRequests {
  private readonly lists = new Map<Account, Set<PendingRequests>>();

  add(list: PendingRequests): void {
    const others = this.lists.get(list.requester);
    if (others === undefined) this.lists.set(list.requester, new Set([list]));
    else others.add(list);
  }

  remove(list: PendingRequests): void {
    const others = this.lists.get(list.requester);
    others?.delete(list);
    if (others?.size === 0) this.lists.delete(list.requester);
  }

  /** Somebody in the account stopped listening. */
  review(requester: Account): void {
    for (const list of this.lists.get(requester) ?? NOBODY) list.review();
  }

  close(): void {
    for (const lists of [...this.lists.values()]) for (const list of [...lists]) list.close();
  }
}
