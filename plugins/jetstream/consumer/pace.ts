/** How fast a consumer may send: so many bytes a second, and as the messages once came. */
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { millisecondsOf } from '../stream/moment.ts';

const BITS = 8;
/** Shorter gaps are not worth waiting for. */
const GAP_MS = 1;

export class Pace {
  /** Bytes a millisecond; 0 for no limit. */
  private rate: number;
  private readonly burst: number;
  /** What may be sent now. */
  private tokens: number;
  private filledAt: number;
  /** Up to this sequence messages come as they once did. */
  private readonly replayTo: number;
  private lastTime = 0;
  private lastSentAt = 0;

  constructor(bitsPerSecond: bigint, burst: number, replayTo: number, now: number) {
    this.rate = Number(bitsPerSecond) / BITS / 1000;
    this.burst = burst;
    this.tokens = burst;
    this.filledAt = now;
    this.replayTo = replayTo;
  }

  get isFree(): boolean {
    return this.rate === 0 && this.replayTo === 0;
  }

  setRate(bitsPerSecond: bigint): void {
    this.rate = Number(bitsPerSecond) / BITS / 1000;
  }

  /** When a record may be sent, in milliseconds; not later than now for at once. */
  dueAt(record: StoredRecord, size: number, now: number): number {
    return Math.max(this.rateDue(size, now), this.replayDue(record));
  }

  private rateDue(size: number, now: number): number {
    if (this.rate === 0) return 0;
    this.tokens = Math.min(this.burst, this.tokens + (now - this.filledAt) * this.rate);
    this.filledAt = now;
    const wanted = Math.min(size, this.burst);
    return this.tokens >= wanted ? now : now + (wanted - this.tokens) / this.rate;
  }

  private replayDue({ seq, seconds, nanos }: StoredRecord): number {
    if (seq > this.replayTo || this.lastSentAt === 0) return 0;
    const gap = millisecondsOf(seconds, nanos) - this.lastTime;
    return gap < GAP_MS ? 0 : this.lastSentAt + gap;
  }

  sent({ seconds, nanos }: StoredRecord, size: number, now: number): void {
    this.tokens -= size;
    this.lastTime = millisecondsOf(seconds, nanos);
    this.lastSentAt = now;
  }
}
