/** Reads everything again and again behind all else, slowly, so that damage is found before somebody needs what it took (D-27). */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';
import type { FileCare } from './driver-care.ts';

export interface ScrubOptions {
  /** 0: never. */
  readonly scrubIntervalMs: number;
  readonly scrubDelayMs: number;
  readonly scrubBytesPerSecond: number;
}

/** Ends a pass in the midst of it. */
class ScrubOver extends Error {}

export class Scrubber {
  private readonly clock: Clock;
  private readonly care: FileCare;
  private readonly options: ScrubOptions;
  private isClosed = false;
  private timer: Timer | null = null;
  private wake: (() => void) | null = null;
  private running: Promise<void> | null = null;

  constructor(clock: Clock, care: FileCare, options: ScrubOptions) {
    this.clock = clock;
    this.care = care;
    this.options = options;
  }

  start(): void {
    if (this.options.scrubIntervalMs > 0) this.running = this.work();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.timer?.cancel();
    this.wake?.();
    await this.running;
  }

  private async work(): Promise<void> {
    const { scrubDelayMs, scrubIntervalMs, scrubBytesPerSecond } = this.options;
    // Whoever reads on without a pause would read all that is left before the end.
    const pace = async (bytes: number): Promise<void> => {
      await this.rest((bytes * 1000) / scrubBytesPerSecond);
      if (this.isClosed) throw new ScrubOver();
    };
    for (let delay = scrubDelayMs; !this.isClosed; ) {
      await this.rest(delay);
      const begun = this.clock.monotonic();
      // What was not read, or cannot be read at all, is tried again with the next pass.
      if (!this.isClosed) await this.care.pass(pace, () => this.isClosed).catch(() => {});
      delay = Math.max(scrubDelayMs, begun + scrubIntervalMs - this.clock.monotonic());
    }
  }

  private rest(milliseconds: number): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.timer = this.clock.after(milliseconds, resolve);
    });
  }
}
