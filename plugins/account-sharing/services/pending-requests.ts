/**
 * The requests of one import that may still be answered, in the order in which they expire.
 *
 * All have the same patience, so a request that is new or renewed goes to the end, and one timer for the first is enough.
 * What has to be looked through is looked through in slices.
 */
import type { Account, Clock, Timer } from '../../../kernel/plugin-api.ts';
import type { ActiveRequests } from './active-requests.ts';
import type { PendingRequest } from './responses.ts';

const SLICE = 500;
/** Nobody is asked more often than this whether the requesters still listen. */
const REVIEW_PAUSE_MS = 250;
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
  /** Whose requests they are. */
  readonly requester: Account;
  readonly max: number;
  private readonly clock: Clock;
  private readonly counts: PendingCounts;
  private readonly active: ActiveRequests;
  private first: PendingRequest | null = null;
  private last: PendingRequest | null = null;
  private count = 0;
  private expiryTimer: Timer | null = null;
  private reviewTimer: Timer | null = null;

  constructor(requester: Account, max: number, { clock, counts, active }: PendingSurroundings) {
    this.requester = requester;
    this.max = max;
    this.clock = clock;
    this.counts = counts;
    this.active = active;
  }

  get size(): number {
    return this.count;
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

  /** Somebody stopped listening: soon it is seen whether an answer still interests anybody. */
  review(): void {
    if (this.count === 0 || this.reviewTimer !== null) return;
    this.active.add(this);
    this.reviewTimer = this.clock.after(REVIEW_PAUSE_MS, () => this.reviewFrom(this.first));
  }

  forgetAll(): void {
    for (let request = this.first; request !== null; request = this.first) request.responses.forget(request);
  }

  close(): void {
    this.forgetAll();
    this.expiryTimer?.cancel();
    this.reviewTimer?.cancel();
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
      if (this.reviewTimer === null) this.active.remove(this);
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

  private reviewFrom(start: PendingRequest | null): void {
    let request = start;
    for (let at = 0; at < SLICE && request !== null; at++) {
      const { after } = request;
      if (!request.requester.sublist.hasInterest(request.reply)) {
        request.responses.forget(request);
        request.measure?.failed('requester-gone');
      }
      request = after;
    }
    // The next one may be gone by then: then the rest waits for the next review.
    const rest = request;
    this.reviewTimer = rest === null ? null : this.clock.after(0, () => this.reviewFrom(rest.isOver ? null : rest));
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
