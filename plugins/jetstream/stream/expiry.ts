/** Messages that have had their time. */
import { ExpiryQueue } from '../../../storage-drivers/derived/expiry-queue.ts';
import type { MessageLog } from './message-log.ts';
import { millisecondsOf } from './moment.ts';

/** Flags of records. */
export const HAS_TTL = 1;
/** Its age does not count. */
export const IS_ETERNAL = 2;

/** What one command takes at most, so that nobody waits for it: whatever is left is for the next. */
const STEP_MAX = 1_000;

export class Expiry {
  private readonly log: MessageLog;
  private readonly queue = new ExpiryQueue();
  /** What lies below has been looked at, and stays whatever its age. */
  private agedFrom = 0;
  /** The next to go by its age, and when it came. */
  private agedSeq = 0;
  private agedTime = 0;
  /** The message whose age could not be seen, because it has to be fetched first; 0 for none. */
  coldAt = 0;

  constructor(log: MessageLog) {
    this.log = log;
  }

  add(time: number, sequence: number): void {
    this.queue.add(time, sequence);
  }

  /** When something is due next; Infinity for never. */
  nextDue(maxAgeMs: number): number {
    this.coldAt = 0;
    return Math.min(this.queue.nextTime, this.nextAged(maxAgeMs));
  }

  /**
   * Takes what is due, by TTL and by age, and hands each to `expire`, which removes it, or says that it has to be fetched first.
   * Answers whether more is due.
   */
  run(now: number, maxAgeMs: number, expire: (sequence: number) => boolean): boolean {
    let steps = 0;
    this.coldAt = 0;
    for (let seq = this.queue.takeDue(now); seq !== 0; seq = this.queue.takeDue(now)) {
      if (this.log.has(seq) && !expire(seq)) return this.waitFor(seq, now);
      if (++steps === STEP_MAX) return true;
    }
    while (this.nextAged(maxAgeMs) <= now) {
      const seq = this.log.firstFrom(this.agedFrom);
      if (!expire(seq)) return this.waitFor(seq, 0);
      // Nothing can be written now: it is tried again.
      if (this.log.has(seq)) return false;
      this.agedFrom = seq + 1;
      if (++steps === STEP_MAX) return true;
    }
    return false;
  }

  /** Its turn comes when it is at hand. `due` is 0 where its age has brought it up, which goes on doing so. */
  private waitFor(seq: number, due: number): boolean {
    this.coldAt = seq;
    if (due > 0) this.queue.add(due, seq);
    return false;
  }

  private nextAged(maxAgeMs: number): number {
    if (maxAgeMs === 0) return Number.POSITIVE_INFINITY;
    for (;;) {
      const seq = this.log.firstFrom(this.agedFrom);
      if (seq === Number.POSITIVE_INFINITY) return seq;
      if (seq === this.agedSeq) return this.agedTime + maxAgeMs;
      const record = this.log.read(seq);
      if (record === null) {
        this.coldAt = seq;
        return Number.POSITIVE_INFINITY;
      }
      if ((record.flags & IS_ETERNAL) === 0) {
        this.agedSeq = seq;
        this.agedTime = millisecondsOf(record.seconds, record.nanos);
        return this.agedTime + maxAgeMs;
      }
      this.agedFrom = seq + 1;
    }
  }
}
