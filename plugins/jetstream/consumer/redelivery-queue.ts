/** Sequences that are to be sent again, in the order in which they were added. */
export class RedeliveryQueue {
  private readonly sequences = new Set<number>();

  get size(): number {
    return this.sequences.size;
  }

  /** 0 when there is none. */
  get first(): number {
    for (const seq of this.sequences) return seq;
    return 0;
  }

  add(seq: number): void {
    this.sequences.add(seq);
  }

  has(seq: number): boolean {
    return this.sequences.has(seq);
  }

  delete(seq: number): void {
    if (this.sequences.size > 0) this.sequences.delete(seq);
  }

  clear(): void {
    this.sequences.clear();
  }
}
