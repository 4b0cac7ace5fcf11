/** Requests in the order in which they are served: by level, and within one by the time they came, or were served last. */
import { LEVELS, type WaitingRequest } from './waiting-request.ts';

export class WaitingLine {
  length = 0;
  /** How many messages are asked for, all together. */
  asked = 0;
  /** Requests with a limit of bytes, and those that do not wait. */
  limited = 0;
  unwilling = 0;
  private readonly heads: (WaitingRequest | null)[] = Array.from({ length: LEVELS }, () => null);
  private readonly tails: (WaitingRequest | null)[] = Array.from({ length: LEVELS }, () => null);
  /** Nothing stands on the levels above, counted from the most urgent. */
  private lowest = LEVELS;

  get first(): WaitingRequest | null {
    for (; this.lowest < LEVELS; this.lowest++) {
      const head = this.heads[this.lowest]!;
      if (head !== null) return head;
    }
    return null;
  }

  after({ next, level }: WaitingRequest): WaitingRequest | null {
    if (next !== null) return next;
    for (let below = level + 1; below < LEVELS; below++) {
      const head = this.heads[below]!;
      if (head !== null) return head;
    }
    return null;
  }

  /** At the end of a level. */
  add(request: WaitingRequest, level: number): void {
    const tail = this.tails[level]!;
    request.level = level;
    request.previous = tail;
    request.next = null;
    if (tail === null) this.heads[level] = request;
    else tail.next = request;
    this.tails[level] = request;
    if (level < this.lowest) this.lowest = level;
    this.count(request, 1);
  }

  remove(request: WaitingRequest): void {
    const { previous, next, level } = request;
    if (level < 0) return;
    if (previous === null) this.heads[level] = next;
    else previous.next = next;
    if (next === null) this.tails[level] = previous;
    else next.previous = previous;
    request.level = -1;
    request.previous = null;
    request.next = null;
    this.count(request, -1);
  }

  /** It was served one message and goes to the end of its level. */
  rotate(request: WaitingRequest): void {
    const { level } = request;
    if (this.tails[level] === request) return;
    this.remove(request);
    this.add(request, level);
  }

  /** All, in order; the visitor may remove the one it is shown. */
  each(visit: (request: WaitingRequest) => void): void {
    for (let request = this.first; request !== null; ) {
      const next = this.after(request);
      visit(request);
      request = next;
    }
  }

  private count(request: WaitingRequest, sign: 1 | -1): void {
    this.length += sign;
    this.asked += sign * request.remaining;
    if (request.hasByteLimit) this.limited += sign;
    if (request.noWait) this.unwilling += sign;
  }
}
