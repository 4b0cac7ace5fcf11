/** When to ask again. */

const FIRST_RETRY_MS = 1000;
const RETRY_MAX_MS = 10_000;

export class PollPlan {
  refreshMs: number;
  private failures = 0;

  constructor(refreshMs: number) {
    this.refreshMs = refreshMs;
  }

  get isReconnecting(): boolean {
    return this.failures > 0;
  }

  succeeded(): void {
    this.failures = 0;
  }

  failed(): void {
    this.failures++;
  }

  /** Longer after each failure, so that a server that comes up is not met by all pages at once. */
  get delayMs(): number {
    if (this.failures === 0) return this.refreshMs;
    return Math.min(RETRY_MAX_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1));
  }
}

/** For what costs the server more than a glance: due again when its time has passed. */
export class Cadence {
  private readonly everyMs: number;
  private lastMs: number | null = null;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  /** Also when the clock was put back. */
  isDue(nowMs: number): boolean {
    const { lastMs } = this;
    if (lastMs !== null && nowMs >= lastMs && nowMs - lastMs < this.everyMs) return false;
    this.lastMs = nowMs;
    return true;
  }

  /** The next time at once. */
  hurry(): void {
    this.lastMs = null;
  }
}
