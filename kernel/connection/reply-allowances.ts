/** Replies a connection may publish to because it was asked: remembered when the request is delivered. */
import type { ReplyAllowance } from '../permissions/permissions.ts';
import type { Clock } from '../ports/ports.ts';

interface Granted {
  count: number;
  at: number;
}

const PRUNE_EVERY = 256;

export class ReplyAllowances {
  /** May be replaced: what is remembered goes by the new one. */
  rule: ReplyAllowance;
  /** By the reply's subject, the oldest first. */
  private readonly granted = new Map<string, Granted>();
  /** Stands before the oldest: looking for it anew would go past every place that was given up, each time. */
  private readonly oldest = this.granted.keys();
  private readonly clock: Clock;
  private readonly max: number;
  private sincePrune = 0;

  /** No more than `max` are remembered. */
  constructor(rule: ReplyAllowance, clock: Clock, max: number) {
    this.rule = rule;
    this.clock = clock;
    this.max = max;
  }

  get size(): number {
    return this.granted.size;
  }

  grant(reply: string): void {
    this.granted.delete(reply);
    this.granted.set(reply, { count: 0, at: this.clock.monotonic() });
    if (++this.sincePrune >= PRUNE_EVERY) this.prune();
    if (this.granted.size > this.max) this.granted.delete(this.oldest.next().value as string);
  }

  /** Uses up one reply. */
  use(subject: string): boolean {
    const known = this.granted.get(subject);
    if (known === undefined) return false;
    known.count++;
    const isSpent = this.rule.max >= 0 && known.count > this.rule.max;
    if (!isSpent && !this.isExpired(known)) return true;
    this.granted.delete(subject);
    return false;
  }

  private isExpired(known: Granted): boolean {
    return this.rule.ttlMs >= 0 && this.clock.monotonic() - known.at > this.rule.ttlMs;
  }

  /** Oldest first: those after the first that still holds are younger. */
  private prune(): void {
    this.sincePrune = 0;
    for (const [reply, known] of this.granted) {
      const isSpent = this.rule.max >= 0 && known.count >= this.rule.max;
      if (!isSpent && !this.isExpired(known)) break;
      this.granted.delete(reply);
    }
  }
}
