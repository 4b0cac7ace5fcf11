/** Requests for messages that are not fulfilled yet. */
import { type Account, EMPTY_PLAN, type Plan } from '../../../kernel/plugin-api.ts';
import type { PullRequest } from '../../../protocols/jetstream/pull-request.ts';

const NANOS_PER_MS = 1e6;
/** How urgent a request may be: 0 is the most. */
export const LEVELS = 10;

export class WaitingRequest {
  /** Where messages go to. */
  readonly inbox: string;
  readonly noWait: boolean;
  readonly expiresAt: number;
  readonly heartbeatMs: number;
  /** What is still wanted. */
  remaining: number;
  isServed = false;
  /** What it says of its place in a group. */
  readonly priority: number;
  /** Empty for requests that name none. */
  readonly group: string;
  readonly minPending: number;
  readonly minAckPending: number;
  pinId: string;
  remainingBytes: number;
  readonly hasByteLimit: boolean;
  nextHeartbeat: number;
  /** Where it stands in line; the level is negative while it does not. */
  level = -1;
  previous: WaitingRequest | null = null;
  next: WaitingRequest | null = null;
  private plan: Plan = EMPTY_PLAN;
  private generation = -1;

  constructor(inbox: string, request: PullRequest, now: number) {
    this.inbox = inbox;
    this.noWait = request.noWait;
    this.priority = request.priority;
    this.group = request.group;
    this.minPending = request.minPending;
    this.minAckPending = request.minAckPending;
    this.pinId = request.id;
    this.remaining = request.batch;
    this.remainingBytes = request.maxBytes;
    this.hasByteLimit = request.maxBytes > 0;
    this.expiresAt = request.expires > 0 ? now + request.expires / NANOS_PER_MS : Number.POSITIVE_INFINITY;
    this.heartbeatMs = request.heartbeat / NANOS_PER_MS;
    this.nextHeartbeat = this.heartbeatMs > 0 ? now + this.heartbeatMs : Number.POSITIVE_INFINITY;
  }

  /** Who listens on the inbox; nobody when it is empty. */
  receivers(account: Account): Plan {
    const { sublist } = account;
    if (this.generation !== sublist.generation) {
      this.plan = sublist.matchSubject(this.inbox);
      this.generation = sublist.generation;
    }
    return this.plan;
  }

  /** When something is to be said to it. */
  get due(): number {
    return Math.min(this.expiresAt, this.nextHeartbeat);
  }

  /** Something was sent: the next sign of life is due later. */
  touched(now: number): void {
    if (this.heartbeatMs > 0) this.nextHeartbeat = now + this.heartbeatMs;
  }
}
