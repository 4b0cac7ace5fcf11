import { InputEnd } from './input-end.ts';
import type { Clock, Timer } from './ports.ts';

/** Node runs a timer with a longer delay at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export function systemClock(): Clock {
  const soon = (run: () => void): void => {
    setImmediate(run);
  };
  const inputEnd = new InputEnd(soon);
  return {
    now: () => Date.now(),
    // Not `performance`, whose first use loads a fifth of a megabyte.
    monotonic: () => {
      const [seconds, nanoseconds] = process.hrtime();
      return seconds * 1e3 + nanoseconds / 1e6;
    },
    after: (milliseconds, run) => new SystemTimer(milliseconds, run),
    soon,
    afterInput: (run) => inputEnd.add(run),
    inputEnds: () => inputEnd.reached(),
  };
}

/** Keeps the process alive until it has run or was cancelled, as whoever waits for it expects. */
class SystemTimer implements Timer {
  private timeout: NodeJS.Timeout;

  constructor(milliseconds: number, run: () => void) {
    this.timeout = this.arm(milliseconds, run);
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  private arm(milliseconds: number, run: () => void): NodeJS.Timeout {
    if (milliseconds <= LONGEST_DELAY_MS) return setTimeout(run, milliseconds);
    return setTimeout(() => {
      this.timeout = this.arm(milliseconds - LONGEST_DELAY_MS, run);
    }, LONGEST_DELAY_MS);
  }
}
