/**
 * The requests of one import that may still be answered, in the order in which they expire.
 *
 * All have the same patience, so a request that is new or renewed goes to the end, and one timer for the first is enough.
 * What has to be looked through is looked through in slices.
 */
import type { Account, Clock, Timer } from '../../../kernel/plugin-api.ts';
import type { ActiveRequests } from './active-requests.ts';
import type { AwaitedReplies } from './awaited-replies.ts';
import type { PendingRequest } from './responses.ts';

const SLICE = 500;
/** The longest a timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface PendingCounts {
  /** Requests given up because an import had too many of them. */
  dropped: number;
  /** Requests that were not answered in time. */
  expired: number;
}

export interface PendingSurroundings {
  readonly clock: Clock;
  readonly counts: PendingCounts;
  readonly active: ActiveRequests;
}

export class PendingRequests {
  readonly max: number;
  private readonly clock: Clock;
  private readonly counts: PendingCounts;
  private readonly active: ActiveRequests;
  private first: PendingRequest | null = null;
  private last: PendingRequest | null = null;
  private count = 0;
  private expiryTimer: Timer | null = null;

  constructor(max: number, { clock, counts, active }: PendingSurroundings) {
    this.max = max;
    this.clock = clock;
    this.counts = counts;
    this.active = active;
  }

  get size(): number {
    return this.count;
  }

  awaitedBy(account: Account): AwaitedReplies {
    return this.active.awaitedBy(account);
  }

  add(request: PendingRequest): void {
    request.deadline = this.clock.monotonic() + request.thresholdMs;
    this.append(request);
    if (this.count > this.max) this.drop();
    if (this.expiryTimer === null) this.arm();
  }

  /** There was an answer, and more may follow. */
  renew(request: PendingRequest): void {
    if (request.isOver) return;
    this.detach(request);
    request.deadline = this.clock.monotonic() + request.thresholdMs;
    this.append(request);
  }

  /** To be called by `Responses.forget` only, which knows the request too. The timer may find nothing to do. */
  remove(request: PendingRequest): void {
    this.detach(request);
  }

  forgetAll(): void {
    for (let request = this.first; request !== null; request = this.first) request.responses.forget(request);
  }

  close(): void {
    this.forgetAll();
    this.expiryTimer?.cancel();
    this.active.remove(this);
  }

  private drop(): void {
    const oldest = this.first as PendingRequest;
    this.counts.dropped++;
    oldest.responses.forget(oldest);
    oldest.measure?.failed('too-late');
  }

  private arm(): void {
    if (this.first === null) {
      this.active.remove(this);
      return;
    }
    this.active.add(this);
    const wait = Math.max(0, this.first.deadline - this.clock.monotonic());
    this.expiryTimer = this.clock.after(Math.min(Math.ceil(wait), TIMER_MAX_MS), () => this.expire());
  }

  private expire(): void {
    this.expiryTimer = null;
    const now = this.clock.monotonic();
    for (let at = 0; at < SLICE && this.first !== null && this.first.deadline <= now; at++) {
      const { first } = this;
      this.counts.expired++;
      first.responses.forget(first);
      first.measure?.failed('too-late');
    }
    if (this.expiryTimer === null) this.arm();
  }

  private append(request: PendingRequest): void {
    request.before = this.last;
    request.after = null;
    if (this.last === null) this.first = request;
    else this.last.after = request;
    this.last = request;
    this.count++;
  }

  private detach(request: PendingRequest): void {
    const { before, after } = request;
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    this.count--;
  }
}
