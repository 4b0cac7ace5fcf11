/** How many handshakes may begin in a second: keys cost work, and many clients may come back at once. */
import type { Clock, Log } from '../../kernel/plugin-api.ts';

const SECOND = 1000;

export class HandshakeRateLimit {
  readonly #max: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #since = Number.NEGATIVE_INFINITY;
  #begun = 0;
  #refused = 0;
  /** Ever. */
  refusedTotal = 0;

  /** 0 for no limit. */
  constructor(max: number, clock: Clock, log: Log) {
    this.#max = max;
    this.#clock = clock;
    this.#log = log;
  }

  /** Counts one more; false when it is one too many. */
  allows(): boolean {
    if (this.#max <= 0) return true;
    const now = this.#clock.monotonic();
    if (now - this.#since >= SECOND) {
      this.report();
      this.#since = now;
      this.#begun = 0;
    }
    if (this.#begun >= this.#max) {
      this.#refused++;
      this.refusedTotal++;
      return false;
    }
    this.#begun++;
    return true;
  }

  /** Says how many were refused since it was last said. */
  report(): void {
    if (this.#refused === 0) return;
    this.#log.warn(`Rejected ${this.#refused} connections due to TLS rate limiting`);
    this.#refused = 0;
  }
}
