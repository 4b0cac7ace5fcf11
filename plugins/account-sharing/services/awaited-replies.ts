/**
 * The reply subjects on which one account waits for answers: by them it is known at once whom nobody listens for any more.
 *
 * When the last interest in a reply subject ends, its requests are over, and whoever measures them is told. A reply subject that
 * nobody ever listened to is left alone. What has to be looked through is looked through in slices.
 */
import { type Account, type Clock, hasWildcard, type Timer } from '../../../kernel/plugin-api.ts';
import { PatternIndex } from '../rules/pattern-index.ts';
import type { PendingRequest } from './responses.ts';

/** What may be done in one turn: a look at a reply subject, or the end of a request, is one step. */
const SLICE = 500;
/** The end of a request that is measured takes as long as so many steps. */
const EVENT_STEPS = 10;
/** Patterns may match any reply subject, so that all are looked through: not more often than this. */
const SWEEP_PAUSE_MS = 250;

interface Sweep {
  readonly patterns: PatternIndex<string>;
  readonly replies: Iterator<string>;
  /** What is added meanwhile is not looked through. */
  left: number;
}

export class AwaitedReplies {
  private readonly account: Account;
  private readonly clock: Clock;
  /** The newest request of each reply subject; older ones follow it. */
  private readonly newest = new Map<string, PendingRequest>();
  /** Reply subjects in which an interest ended. */
  private readonly ended = new Set<string>();
  /** Patterns in which an interest ended since the last sweep began. */
  private patterns = new PatternIndex<string>();
  private sweep: Sweep | null = null;
  private sweepAllowedAt = 0;
  private isDueSoon = false;
  private timer: Timer | null = null;

  constructor(account: Account, clock: Clock) {
    this.account = account;
    this.clock = clock;
  }

  add(request: PendingRequest): void {
    const older = this.newest.get(request.reply) ?? null;
    request.older = older;
    if (older !== null) older.newer = request;
    this.newest.set(request.reply, request);
  }

  /** To be called by `Responses.forget` only. */
  remove({ reply, older, newer }: PendingRequest): void {
    if (older !== null) older.newer = newer;
    if (newer !== null) newer.older = older;
    else if (older !== null) this.newest.set(reply, older);
    else this.newest.delete(reply);
  }

  /** Nobody in the account listens to exactly this any more. */
  interestEnded(pattern: string): void {
    if (this.newest.size === 0) return;
    if (hasWildcard(pattern)) this.patterns.add(pattern, pattern);
    else if (this.newest.has(pattern)) this.ended.add(pattern);
    else return;
    if (this.isDueSoon) return;
    // Not now: others of the same client are about to end too.
    this.isDueSoon = true;
    this.clock.soon(() => this.work());
  }

  /** Whether nobody listens any more, though it was not this reply's turn yet. */
  hasLost(reply: string): boolean {
    const isSuspect =
      this.ended.has(reply) ||
      isAmong(reply, this.patterns) ||
      (this.sweep !== null && isAmong(reply, this.sweep.patterns));
    return isSuspect && !this.account.sublist.hasInterest(reply);
  }

  close(): void {
    this.timer?.cancel();
    this.timer = null;
    this.sweep = null;
    this.ended.clear();
    this.patterns = new PatternIndex();
  }

  private work(): void {
    this.isDueSoon = false;
    this.timer?.cancel();
    this.timer = null;
    this.lookThrough();
    let left = SLICE;
    for (const reply of this.ended) {
      left = this.endRequests(reply, left);
      if (left <= 0) break;
      this.ended.delete(reply);
    }
    this.goOn();
  }

  private goOn(): void {
    const isUnderWay = this.ended.size > 0 || this.sweep !== null;
    if (!isUnderWay && this.patterns.isEmpty) return;
    const wait = isUnderWay ? 0 : Math.max(0, this.sweepAllowedAt - this.clock.monotonic());
    this.timer = this.clock.after(Math.ceil(wait), () => this.work());
  }

  /** Finds the reply subjects of patterns. */
  private lookThrough(): void {
    this.sweep ??= this.newSweep();
    const { sweep } = this;
    for (let at = 0; at < SLICE && sweep !== null; at++) {
      const next = sweep.left-- === 0 ? null : sweep.replies.next();
      if (next === null || next.done === true) {
        this.sweep = null;
        return;
      }
      if (isAmong(next.value, sweep.patterns)) this.ended.add(next.value);
    }
  }

  private newSweep(): Sweep | null {
    const now = this.clock.monotonic();
    const { patterns, newest } = this;
    if (patterns.isEmpty || now < this.sweepAllowedAt) return null;
    this.sweepAllowedAt = now + SWEEP_PAUSE_MS;
    this.patterns = new PatternIndex();
    return { patterns, replies: newest.keys(), left: newest.size };
  }

  /** Answers how many steps are left. */
  private endRequests(reply: string, steps: number): number {
    let left = steps - 1;
    if (this.account.sublist.hasInterest(reply)) return left;
    for (let request = this.newest.get(reply); request !== undefined && left > 0; request = this.newest.get(reply)) {
      left -= request.measure === null ? 1 : EVENT_STEPS;
      request.responses.forget(request);
      request.measure?.failed('requester-gone');
    }
    return left;
  }
}

function isAmong(reply: string, patterns: PatternIndex<string>): boolean {
  return !patterns.isEmpty && patterns.colliding(reply).length > 0;
}
