/** Messages that are sent later, or again and again: the last message of a subject says when. */
import type { Schedule } from '../../../protocols/jetstream/schedule.ts';

export interface Scheduled {
  readonly subject: string;
  readonly sequence: number;
  readonly schedule: Schedule;
  /** In milliseconds. */
  due: number;
}

export class Schedules {
  private readonly bySubject = new Map<string, Scheduled>();

  get size(): number {
    return this.bySubject.size;
  }

  has(subject: string): boolean {
    return this.bySubject.has(subject);
  }

  /** One for each subject: the latest counts. */
  add(scheduled: Scheduled): void {
    this.bySubject.set(scheduled.subject, scheduled);
  }

  cancel(subject: string): void {
    this.bySubject.delete(subject);
  }

  get nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.bySubject.values()) next = Math.min(next, due);
    return next;
  }

  /** Those that are due, the earliest first. */
  dueAt(now: number): Scheduled[] {
    const found = [...this.bySubject.values()].filter(({ due }) => due <= now);
    return found.sort((left, right) => left.due - right.due || left.sequence - right.sequence);
  }
}
