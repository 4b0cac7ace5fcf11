/** Work in slices: whoever walks over a long list asks after each step whether it is somebody else's turn. */
import type { Clock } from '../../kernel/plugin-api.ts';

const SLICE_MS = 2;

export class Pace {
  private readonly clock: Clock;
  private untilMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.untilMs = clock.monotonic() + SLICE_MS;
  }

  get isDue(): boolean {
    return this.clock.monotonic() >= this.untilMs;
  }

  /** Lets everything else that waits run first. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.soon(() => {
        this.untilMs = this.clock.monotonic() + SLICE_MS;
        resolve();
      });
    });
  }
}
