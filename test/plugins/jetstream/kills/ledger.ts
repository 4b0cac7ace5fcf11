/** What clients were promised, and what they saw: nothing of it may be otherwise after a crash. */

export class Ledger {
  /** By what is in a message: its sequence, as its publisher was told. */
  readonly stored = new Map<string, number>();
  /** Published, and nothing was heard of it. */
  readonly uncertain = new Set<string>();
  /** What a consumer was given, by its sequence. */
  readonly seen = new Map<number, string>();
  /** Acknowledged by a consumer, whatever became of that. */
  readonly handled = new Set<number>();
  /** Acknowledged by a consumer, and that was confirmed. */
  readonly settled = new Set<number>();
  /** That much of it before the last crash: what is on its way again meanwhile may still come. */
  private before: ReadonlySet<number> = new Set();
  /** What a consumer was given although it was settled. */
  readonly broken: string[] = [];
  private count = 0;

  /** Something new to publish, or what nothing was heard of, under the same name. */
  draw(): string {
    for (const one of this.uncertain) {
      this.uncertain.delete(one);
      return one;
    }
    return `message ${++this.count}`;
  }

  get drawn(): number {
    return this.count;
  }

  crashed(): void {
    this.before = new Set(this.settled);
  }

  given(seq: number, content: string): void {
    if (this.before.has(seq)) this.broken.push(`${seq} was given out again after its acknowledgement was confirmed`);
    const known = this.seen.get(seq) ?? content;
    if (known !== content) this.broken.push(`${seq} was "${known}" and is "${content}"`);
    this.seen.set(seq, content);
  }

  /** What speaks against a stream that holds this. */
  faults(found: ReadonlyMap<number, string>): string[] {
    const faults = [...this.broken];
    for (const [content, seq] of this.stored) {
      if (found.get(seq) !== content) faults.push(`${seq} was stored as "${content}" and is "${found.get(seq)}"`);
    }
    for (const [seq, content] of this.seen) {
      if (found.get(seq) !== content) faults.push(`${seq} was given out as "${content}" and is "${found.get(seq)}"`);
    }
    const places = new Map<string, number>();
    for (const [seq, content] of found) {
      const other = places.get(content);
      if (other !== undefined) faults.push(`"${content}" is there twice, as ${other} and ${seq}`);
      places.set(content, seq);
    }
    return faults;
  }
}
