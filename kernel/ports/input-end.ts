/**
 * What waits for the end of the input that is being handled. Whoever handles input and knows that no other is waiting says when that
 * is, and saves those who wait, and who waits for them, a round of the event loop. Where nobody says so it is the end of the turn.
 */
export class InputEnd {
  private readonly soon: (run: () => void) => void;
  private waiting: (() => void)[] = [];
  private spare: (() => void)[] = [];
  private isPlanned = false;
  private isRunning = false;
  private readonly turnEnds = (): void => {
    this.isPlanned = false;
    this.reached();
  };

  constructor(soon: (run: () => void) => void) {
    this.soon = soon;
  }

  add(run: () => void): void {
    this.waiting.push(run);
    this.plan();
  }

  /** Those who wait are run, but not what they put off themselves: it has to leave room for other input. */
  reached(): void {
    if (this.isRunning || this.waiting.length === 0) return;
    const now = this.waiting;
    this.waiting = this.spare;
    this.isRunning = true;
    let done = 0;
    try {
      while (done < now.length) now[done++]!();
    } finally {
      this.isRunning = false;
      // Whatever one of them throws, the others get their turn.
      if (done < now.length) this.waiting.unshift(...now.slice(done));
      now.length = 0;
      this.spare = now;
      if (this.waiting.length > 0) this.plan();
    }
  }

  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    this.soon(this.turnEnds);
  }
}
