/** One list of what may, or may not, be subscribed to: plain subjects, and subjects for certain queues. */
import type { RuleEntry } from './permission-rules.ts';
import { SubjectSet } from './subject-set.ts';

/** A subject with all the queues that are named beside it. */
export interface QueueEntry {
  readonly subject: SubjectSet;
  readonly queues: SubjectSet;
}

export class SubscribeList {
  readonly plain = new SubjectSet();
  readonly queued: readonly QueueEntry[];

  constructor(entries: readonly RuleEntry[]) {
    const queuesBySubject = new Map<string, SubjectSet>();
    for (const entry of entries) {
      const [subject, queue] = entry.split(' ') as [string, string | undefined];
      if (queue === undefined) this.plain.add(subject);
      else queuesOf(subject, queuesBySubject).add(queue);
    }
    this.queued = [...queuesBySubject].map(([subject, queues]) => ({ subject: SubjectSet.of([subject]), queues }));
  }

  /** An entry with a queue that is about the subject overrules plain ones, for better or worse. */
  allows(subject: string, queue: string): boolean {
    if (queue !== '') {
      const concerned = this.queued.filter((entry) => entry.subject.coversText(subject));
      if (concerned.length > 0) return concerned.some((entry) => entry.queues.coversText(queue));
    }
    return this.plain.coversText(subject);
  }

  denies(subject: string, queue: string): boolean {
    if (this.plain.coversText(subject)) return true;
    if (queue === '') return false;
    return this.queued.some((entry) => entry.subject.coversText(subject) && entry.queues.coversText(queue));
  }
}

function queuesOf(subject: string, queuesBySubject: Map<string, SubjectSet>): SubjectSet {
  const known = queuesBySubject.get(subject) ?? new SubjectSet();
  queuesBySubject.set(subject, known);
  return known;
}
