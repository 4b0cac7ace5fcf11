/** Requests under way, of all accounts: the lists that have a timer running, and the replies that are awaited. */
import type { Account, Clock } from '../../../kernel/plugin-api.ts';
import { AwaitedReplies } from './awaited-replies.ts';
import type { PendingRequests } from './pending-requests.ts';

export class ActiveRequests {
  private readonly clock: Clock;
  private readonly lists = new Set<PendingRequests>();
  private readonly awaited = new Map<Account, AwaitedReplies>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(list: PendingRequests): void {
    this.lists.add(list);
  }

  remove(list: PendingRequests): void {
    this.lists.delete(list);
  }

  awaitedBy(account: Account): AwaitedReplies {
    const known = this.awaited.get(account);
    if (known !== undefined) return known;
    const made = new AwaitedReplies(account, this.clock);
    this.awaited.set(account, made);
    return made;
  }

  /** Nobody in the account listens to exactly this any more. */
  interestEnded(account: Account, pattern: string): void {
    this.awaited.get(account)?.interestEnded(pattern);
  }

  accountRemoved(account: Account): void {
    this.awaited.get(account)?.close();
    this.awaited.delete(account);
  }

  close(): void {
    for (const list of [...this.lists]) list.close();
    for (const awaited of this.awaited.values()) awaited.close();
    this.awaited.clear();
  }
}
