/**
 * What is due when: a heap of (time, sequence), 16 bytes an entry. Entries of records that went otherwise stay until
 * they are due or `prune` finds them; whoever takes one looks whether the record is still there.
 */
const FIRST_ENTRIES = 16;

export class ExpiryQueue {
  length = 0;
  private times = new Float64Array(FIRST_ENTRIES);
  private sequences = new Float64Array(FIRST_ENTRIES);

  /** When the next entry is due; Infinity when there is none. */
  get nextTime(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  /** Any unit, the same for all. */
  add(time: number, seq: number): void {
    if (this.length === this.times.length) this.grow();
    let at = this.length++;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (!this.isLater(above, time, seq)) break;
      this.move(above, at);
      at = above;
    }
    this.times[at] = time;
    this.sequences[at] = seq;
  }

  /** The sequence of the earliest entry if it is due, by sequence where times are equal; 0 when none is. */
  takeDue(now: number): number {
    if (this.length === 0 || this.times[0]! > now) return 0;
    const seq = this.sequences[0]!;
    this.length--;
    if (this.length > 0) this.sink(0, this.times[this.length]!, this.sequences[this.length]!);
    return seq;
  }

  /** Drops entries whose record is not there any more. */
  prune(isThere: (seq: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.length; at++) {
      if (!isThere(this.sequences[at]!)) continue;
      this.times[kept] = this.times[at]!;
      this.sequences[kept++] = this.sequences[at]!;
    }
    this.length = kept;
    for (let at = (kept >>> 1) - 1; at >= 0; at--) this.sink(at, this.times[at]!, this.sequences[at]!);
  }

  get memoryBytes(): number {
    return this.times.length * 16;
  }

  private sink(from: number, time: number, seq: number): void {
    let at = from;
    for (let below = 2 * at + 1; below < this.length; below = 2 * at + 1) {
      if (below + 1 < this.length && this.isLater(below, this.times[below + 1]!, this.sequences[below + 1]!)) below++;
      if (this.isLater(below, time, seq)) break;
      this.move(below, at);
      at = below;
    }
    this.times[at] = time;
    this.sequences[at] = seq;
  }

  /** Whether the entry comes after one with this time and sequence. */
  private isLater(at: number, time: number, seq: number): boolean {
    return this.times[at]! > time || (this.times[at] === time && this.sequences[at]! > seq);
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from]!;
    this.sequences[to] = this.sequences[from]!;
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    const sequences = new Float64Array(times.length);
    times.set(this.times);
    sequences.set(this.sequences);
    this.times = times;
    this.sequences = sequences;
  }
}
