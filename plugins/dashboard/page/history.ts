/** What was measured while the page was open: a ring of samples with a fixed number of columns. */

export const SAMPLES_MAX = 7200;

export type Column =
  | 'inMessages'
  | 'outMessages'
  | 'inBytes'
  | 'outBytes'
  | 'cpu'
  | 'memory'
  | 'connections'
  | 'subscriptions'
  | 'outbound';
export type Measured = Readonly<Partial<Record<Column, number | null>>>;

export interface Sample {
  readonly atMs: number;
  /** Null: nothing was measured from the sample before to this one. */
  readonly values: Measured | null;
}

export class History {
  private samples: Sample[] = [];
  private spanMs: number;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
  }

  resize(spanMs: number): void {
    this.spanMs = spanMs;
    this.drop();
  }

  /** What comes sooner after the last sample than that adds nothing. A clock that was put back begins anew. */
  add(atMs: number, values: Measured, leastMs = 1): void {
    if (atMs < this.lastMs) this.samples = [];
    if (atMs < this.lastMs + leastMs) return;
    this.samples.push({ atMs, values });
    this.drop();
  }

  /** Nobody looked, or the server was away: lines do not run over it. */
  interrupt(): void {
    const last = this.samples.at(-1);
    if (last !== undefined && last.values !== null) this.samples.push({ atMs: last.atMs, values: null });
  }

  get lastMs(): number {
    return this.samples.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  get length(): number {
    return this.samples.length;
  }

  /** From here to the last sample, at most the whole span, and never so little that a few samples fill it. */
  windowMs(leastMs: number): number {
    const first = this.samples[0]?.atMs ?? 0;
    const age = this.samples.length === 0 ? 0 : this.lastMs - first;
    return Math.min(this.spanMs, Math.max(leastMs, age));
  }

  /** The values of one column; null where the line is broken. */
  column(name: Column): { atMs: number; value: number | null }[] {
    return this.samples.map(({ atMs, values }) => ({ atMs, value: values?.[name] ?? null }));
  }

  /** The sample next to that moment. */
  nearest(atMs: number): Sample | null {
    let best: Sample | null = null;
    for (const sample of this.samples) {
      if (sample.values === null) continue;
      if (best === null || Math.abs(sample.atMs - atMs) <= Math.abs(best.atMs - atMs)) best = sample;
    }
    return best;
  }

  private drop(): void {
    const from = this.lastMs - this.spanMs;
    let gone = Math.max(0, this.samples.length - SAMPLES_MAX);
    while (gone < this.samples.length && this.samples[gone]!.atMs < from) gone++;
    if (gone > 0) this.samples = this.samples.slice(gone);
  }
}
