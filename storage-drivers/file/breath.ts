/** Long work that gives everybody else their turn now and then. */
import type { Clock } from '../../kernel/plugin-api.ts';

const BYTES_AT_ONCE = 256 * 1024;
const STEPS_AT_ONCE = 1024;

export class Breath {
  private readonly clock: Clock;
  private bytes = 0;
  private steps = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** So much was done; whether it is time for others. */
  isDue(bytes: number): boolean {
    this.bytes += bytes;
    return ++this.steps >= STEPS_AT_ONCE || this.bytes >= BYTES_AT_ONCE;
  }

  take(): Promise<void> {
    this.bytes = 0;
    this.steps = 0;
    return new Promise((resolve) => this.clock.soon(resolve));
  }
}
