/**
 * How soon what nobody waits for is written down: a few milliseconds after it happened, as long as all such writing together takes little
 * of the time, and later where there is much of it.
 */
import type { Clock } from '../../../kernel/plugin-api.ts';

/** With the sync behind it, an acknowledgement is on disk within 10 ms. */
const SOON_MS = 5;
export const LATE_MS = 250;
/** What a write costs beyond its own turn: it is synced. */
const SYNC_MS = 0.1;
/** After a write the others wait so many times as long as it took. */
const REST = 50;

export class WritePace {
  private readonly clock: Clock;
  private freeAt = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How long the next write should wait. */
  get delayMs(): number {
    return Math.min(LATE_MS, Math.max(SOON_MS, this.freeAt - this.clock.monotonic()));
  }

  /** Something was written, from then until now. */
  wrote(since: number): void {
    const now = this.clock.monotonic();
    this.freeAt = Math.max(this.freeAt, now) + (now - since + SYNC_MS) * REST;
  }
}
