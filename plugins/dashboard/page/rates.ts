/** How fast counters grow. */

export interface Counters {
  /** What a restart changes: counters of another one cannot be compared. */
  readonly epoch: string;
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** By name, per second; null where nothing can be said yet. */
export type Rates = ReadonlyMap<string, number | null>;

export class RateMeter {
  private last: Counters | null = null;

  /** A counter that is new or fell says nothing until the next time. */
  measure(now: Counters): Rates {
    const last = this.last?.epoch === now.epoch ? this.last : null;
    const seconds = last === null ? 0 : (now.atMs - last.atMs) / 1000;
    // Two answers of one moment: the older one is kept to be compared with the next.
    if (last === null || seconds > 0) this.last = now;
    return new Map(
      Array.from(now.counts, ([name, count]) => [name, rateOf(last?.counts.get(name), count, seconds)] as const),
    );
  }

  forget(): void {
    this.last = null;
  }
}

function rateOf(before: number | undefined, after: number, seconds: number): number | null {
  if (before === undefined || seconds <= 0 || after < before) return null;
  return (after - before) / seconds;
}

/** By how much counters grew within the last while. */
export class Increases {
  private readonly windowMs: number;
  private epoch = '';
  private seen: Counters[] = [];

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  add(now: Counters): void {
    if (now.epoch !== this.epoch) this.seen = [];
    this.epoch = now.epoch;
    this.seen.push(now);
    // The last one before the window is what the window is compared with.
    while (this.seen.length > 2 && this.seen[1]!.atMs <= now.atMs - this.windowMs) this.seen.shift();
  }

  /** A counter that appeared within the window began at zero. */
  of(name: string): number {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (first === undefined || last === undefined) return 0;
    return Math.max(0, (last.counts.get(name) ?? 0) - (first.counts.get(name) ?? 0));
  }
}
