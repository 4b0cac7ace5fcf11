/** How fast counters grow. */

export interface Counters {
  /** What a restart changes: counters of another one cannot be compared. */
  readonly epoch: string;
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** By name, per second; null where nothing can be said yet. */
export type Rates = ReadonlyMap<string, number | null>;

/** Two looks closer together than this say little. */
const APART_MS = 400;

interface Baseline {
  readonly count: number;
  readonly atMs: number;
  /** As it was measured last. */
  readonly rate: number | null;
}

export class RateMeter {
  private epoch = '';
  private baselines: ReadonlyMap<string, Baseline> = new Map();

  /** A counter that is new or fell says nothing until the next time. */
  measure({ epoch, atMs, counts }: Counters): Rates {
    const before = this.epoch === epoch ? this.baselines : new Map<string, Baseline>();
    const after = new Map<string, Baseline>();
    for (const [name, count] of counts) after.set(name, measured(before.get(name), count, atMs));
    this.epoch = epoch;
    this.baselines = after;
    return new Map(Array.from(after, ([name, { rate }]) => [name, rate]));
  }
}

function measured(before: Baseline | undefined, count: number, atMs: number): Baseline {
  if (before === undefined || count < before.count || atMs < before.atMs) return { count, atMs, rate: null };
  const elapsedMs = atMs - before.atMs;
  if (elapsedMs < APART_MS) return before;
  return { count, atMs, rate: ((count - before.count) * 1000) / elapsedMs };
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
    const last = this.seen.at(-1);
    if (now.epoch !== this.epoch || (last !== undefined && now.atMs < last.atMs)) this.seen = [];
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
