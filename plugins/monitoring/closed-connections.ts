/** The connections that were closed last, as many as are to be remembered, with what they subscribed to. */
import type { MonitoredFacts } from './connection-facts.ts';
import type { Subscription } from './monitor.ts';

/** What is kept of a subscription that is gone. */
export type PastSubscription = Pick<Subscription, 'pattern' | 'queue' | 'sid' | 'delivered' | 'max'>;

interface Entry {
  readonly facts: MonitoredFacts;
  /** Null when there were none, and when they were let go of to make room. */
  subscriptions: readonly PastSubscription[] | null;
}

/** Of all that are remembered together; the oldest go first. Their number stays known. */
export const PAST_SUBSCRIPTIONS_MAX = 65_536;

export class ClosedConnections {
  readonly #max: number;
  #ring: Entry[] = [];
  /** Where the next one goes once the ring is full: on the oldest. */
  #next = 0;
  /** Those whose subscriptions are known, the oldest first. */
  readonly #detailed = new Set<Entry>();
  #subscriptions = 0;
  /** Lists of subscriptions that were let go of. */
  forgottenLists = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#ring.length;
  }

  add(facts: MonitoredFacts, subscriptions: Iterable<Subscription>): void {
    if (this.#max <= 0) return;
    const entry: Entry = { facts, subscriptions: null };
    this.#detail(entry, subscriptions);
    if (this.#ring.length < this.#max) {
      this.#ring.push(entry);
      return;
    }
    this.#forget(this.#ring[this.#next]!);
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** The oldest first. */
  list(): readonly MonitoredFacts[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return inOrder.map(({ facts }) => facts);
  }

  find(cid: number): MonitoredFacts | undefined {
    return this.#entryOf(cid)?.facts;
  }

  subscriptionsOf(cid: number): readonly PastSubscription[] {
    return this.#entryOf(cid)?.subscriptions ?? [];
  }

  #entryOf(cid: number): Entry | undefined {
    return this.#ring.find(({ facts }) => facts.id === cid);
  }

  /** Keeps the list if it fits at all, and then makes room for it. */
  #detail(entry: Entry, subscriptions: Iterable<Subscription>): void {
    const count = entry.facts.subscriptions;
    if (count === 0) return;
    if (count > PAST_SUBSCRIPTIONS_MAX) {
      this.forgottenLists++;
      return;
    }
    for (const oldest of this.#detailed) {
      if (this.#subscriptions + count <= PAST_SUBSCRIPTIONS_MAX) break;
      this.#forget(oldest);
      this.forgottenLists++;
    }
    entry.subscriptions = Array.from(subscriptions, pastOf);
    this.#detailed.add(entry);
    this.#subscriptions += count;
  }

  #forget(entry: Entry): void {
    if (!this.#detailed.delete(entry)) return;
    this.#subscriptions -= entry.facts.subscriptions;
    entry.subscriptions = null;
  }
}

/** Without what it hangs on. */
function pastOf({ pattern, queue, sid, delivered, max }: Subscription): PastSubscription {
  return { pattern, queue, sid, delivered, max };
}
