/** The ids of messages that came lately. */

interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly time: number;
}

export class Duplicates {
  private readonly sequences = new Map<string, number>();
  /** By time; what lies before `head` is over. */
  private entries: Entry[] = [];
  private head = 0;

  get size(): number {
    return this.sequences.size;
  }

  /** 0 when the id is new. */
  find(id: string): number {
    return this.sequences.get(id) ?? 0;
  }

  add(id: string, seq: number, time: number): void {
    this.sequences.set(id, seq);
    this.entries.push({ id, seq, time });
  }

  /** The oldest first. */
  list(): [id: string, seq: number, time: number][] {
    const known = this.entries.slice(this.head).filter(({ id, seq }) => this.sequences.get(id) === seq);
    return known.map(({ id, seq, time }) => [id, seq, time]);
  }

  /** Forgets what is as old as the window, or older. */
  expire(now: number, windowMs: number): void {
    while (this.head < this.entries.length && now - this.entries[this.head]!.time >= windowMs) {
      const { id, seq } = this.entries[this.head++]!;
      if (this.sequences.get(id) === seq) this.sequences.delete(id);
    }
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** When the oldest is over; Infinity when there is none. */
  nextExpiry(windowMs: number): number {
    const oldest = this.entries[this.head];
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.time + windowMs;
  }
}
