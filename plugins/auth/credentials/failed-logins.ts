/** Counts failed logins by address, so that nobody can try passwords without end. */
import { networkOf } from './network-of.ts';

const ADDRESSES_MAX = 10_000;

interface Count {
  failures: number;
  readonly endsAt: number;
}

export interface FailureLimit {
  /** 0 or less: none. */
  readonly max: number;
  readonly windowMs: number;
}

export class FailedLogins {
  limit: FailureLimit;
  /** Attempts that were refused unseen. */
  blocked = 0;
  private readonly now: () => number;
  private readonly counts = new Map<string, Count>();

  constructor(limit: FailureLimit, now: () => number) {
    this.limit = limit;
    this.now = now;
  }

  isBlocked(host: string): boolean {
    if (this.limit.max <= 0) return false;
    const count = this.current(networkOf(host));
    return count !== undefined && count.failures >= this.limit.max;
  }

  /** True when with this one the limit is reached: something to tell the operator, once. */
  add(host: string): boolean {
    if (this.limit.max <= 0) return false;
    const network = networkOf(host);
    const count = this.current(network) ?? this.begin(network);
    return ++count.failures === this.limit.max;
  }

  private current(network: string): Count | undefined {
    const count = this.counts.get(network);
    if (count === undefined || count.endsAt > this.now()) return count;
    this.counts.delete(network);
    return undefined;
  }

  private begin(network: string): Count {
    if (this.counts.size >= ADDRESSES_MAX) this.counts.delete(this.counts.keys().next().value!);
    const count = { failures: 0, endsAt: this.now() + this.limit.windowMs };
    this.counts.set(network, count);
    return count;
  }
}
