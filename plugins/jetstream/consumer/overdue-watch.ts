/**
 * Knows when messages that were delivered are overdue. Most are delivered many at a time, due together, and acknowledged long before
 * that: such a run takes one place here, and what of it still waits is looked for when its time comes.
 */
import { Deadlines } from './deadlines.ts';
import type { PendingMessages } from './pending-messages.ts';

/** First deliveries that may share a place. */
const RUN_MAX = 256;

export class OverdueWatch {
  private readonly pending: PendingMessages;
  /** A message, or a run of them: less than zero, by the first. */
  private readonly deadlines = new Deadlines<number>();
  private runDeadline = 0;
  private runLeft = 0;

  constructor(pending: PendingMessages) {
    this.pending = pending;
  }

  /** Nothing is overdue before this, in milliseconds. */
  get next(): number {
    return this.deadlines.next;
  }

  /** A message has just taken the last place of those that wait. */
  added(seq: number, deadline: number): void {
    if (deadline === this.runDeadline && this.runLeft > 0) {
      this.runLeft--;
      return;
    }
    this.runDeadline = deadline;
    this.runLeft = RUN_MAX - 1;
    this.watch(-seq, deadline);
  }

  /** One that waits already is due at another time than before. */
  moved(seq: number, deadline: number): void {
    this.watch(seq, deadline);
  }

  /** Takes out what is overdue: in the order of the stream, about so many at most, and some of them perhaps twice. */
  take(now: number, most: number): number[] {
    const overdue: number[] = [];
    while (this.deadlines.next <= now && overdue.length < most) {
      const due = this.deadlines.next;
      const item = this.deadlines.take();
      // Nothing joins a run that was taken out.
      if (due === this.runDeadline) this.runLeft = 0;
      if (item < 0) this.pending.collect(-item, RUN_MAX, due, overdue);
      else if (this.pending.deadlineOf(item) === due) overdue.push(item);
    }
    return overdue.sort(ascending);
  }

  clear(): void {
    this.deadlines.clear();
    this.runLeft = 0;
  }

  private watch(item: number, deadline: number): void {
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.deadlines.add(deadline, item);
    if (this.deadlines.isStale(this.pending.size)) this.beginAnew();
  }

  private beginAnew(): void {
    this.clear();
    this.pending.each(this.again);
  }

  private readonly again = (seq: number, deadline: number): void => {
    if (deadline === this.runDeadline && this.runLeft > 0) this.runLeft--;
    else if (deadline !== Number.POSITIVE_INFINITY) {
      this.runDeadline = deadline;
      this.runLeft = RUN_MAX - 1;
      this.deadlines.add(deadline, -seq);
    }
  };
}

function ascending(left: number, right: number): number {
  return left - right;
}
