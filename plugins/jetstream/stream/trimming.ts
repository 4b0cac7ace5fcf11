/**
 * What is beyond the limits of a stream goes, the oldest first: after each message at once, and where the limits were lowered a
 * step at a time, so that nobody has to wait while millions go.
 */
import type { StreamLimits } from './limits.ts';
import type { MessageLog } from './message-log.ts';

/** So many go with a message that comes while steps are left to do: more than come, and little. */
const BESIDE_STEPS = 16;
/** For each that goes, so many are looked at whose subject may have too many. */
const LOOKS = 16;

export class Trimming {
  /** There is more to go than a single message has pushed out. */
  isPending = false;
  private readonly log: MessageLog;
  /** What lies between may be one too many of its subject; the order is that of the sequences, whatever the table of subjects is. */
  private seq = 0;
  private until = -1;

  constructor(log: MessageLog) {
    this.log = log;
  }

  /** A message was stored. */
  stored(sequence: number, limits: StreamLimits): void {
    const { maxMsgsPerSubject } = limits;
    const most = this.isPending ? BESIDE_STEPS : Number.POSITIVE_INFINITY;
    if (maxMsgsPerSubject !== Number.POSITIVE_INFINITY) {
      this.trimSubject(this.log.nodeAt(sequence), maxMsgsPerSubject, most);
    }
    this.trimOldest(limits, most);
  }

  /** The limits have changed. */
  begin(before: StreamLimits, limits: StreamLimits): void {
    const { log } = this;
    if (limits.maxMsgsPerSubject < before.maxMsgsPerSubject) {
      this.seq = log.first;
      this.until = log.last;
    }
    this.isPending = this.seq <= this.until || this.isOver(limits);
  }

  /** The rest of steps that a stop has cut short. */
  resume(limits: StreamLimits): void {
    this.isPending ||= this.isOver(limits);
  }

  /** Removes up to so many; true when nothing is left to go. Where nothing can be removed now, it is left to the next message. */
  step(limits: StreamLimits, most: number): boolean {
    if (!this.isPending) return true;
    const left = this.trimSubjects(limits.maxMsgsPerSubject, most);
    this.isPending = left <= 0 || this.trimOldest(limits, left) <= 0;
    return !this.isPending;
  }

  private isOver({ maxMsgs, maxBytes }: StreamLimits): boolean {
    const { log } = this;
    return log.count > 0 && (log.count > maxMsgs || log.bytes > maxBytes);
  }

  /** Each answers how many more may go. */
  private trimOldest(limits: StreamLimits, most: number): number {
    let left = most;
    while (left > 0 && this.isOver(limits) && this.log.removeOldest()) left--;
    return left;
  }

  private trimSubject(node: number, limit: number, most: number): void {
    const { log } = this;
    for (let left = most; left > 0 && log.countOf(node) > limit; left--) if (!log.remove(log.firstOf(node))) return;
  }

  private trimSubjects(limit: number, most: number): number {
    const { log } = this;
    let left = most;
    for (let looks = LOOKS * most; looks > 0 && left > 0 && this.seq <= this.until; looks--) {
      const seq = log.firstFrom(this.seq);
      this.seq = seq + 1;
      if (seq > this.until || log.countOf(log.nodeAt(seq)) <= limit) continue;
      if (!log.remove(seq)) this.until = -1;
      left--;
    }
    return this.seq <= this.until ? 0 : left;
  }
}
