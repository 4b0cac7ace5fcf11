/**
 * What is due when, the next first: a heap. What is no longer due stays until its time comes, or until it is too much of the
 * whole; who takes something out asks whether it still stands.
 */

/** So much of what no longer stands is never worth a rebuild. */
const SLACK = 256;

export class Deadlines<Item> {
  private readonly times: number[] = [];
  private readonly items: Item[] = [];

  get size(): number {
    return this.times.length;
  }

  /** When the next is due, or something that no longer stands would have been; Infinity when nothing is. */
  get next(): number {
    return this.times.length === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  /** What comes later than all others, as most does, costs one comparison. */
  add(time: number, item: Item): void {
    const { times, items } = this;
    let at = times.length;
    times.push(time);
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (times[above]! <= time) break;
      times[at] = times[above]!;
      items[at] = items[above]!;
      at = above;
    }
    times[at] = time;
    items[at] = item;
  }

  /** Takes the next out; there is one. */
  take(): Item {
    const { times, items } = this;
    const first = items[0]!;
    const time = times.pop()!;
    const item = items.pop()!;
    if (times.length > 0) this.sink(time, item);
    return first;
  }

  /** Whether most of it no longer stands, where only `standing` do: time to begin anew. */
  isStale(standing: number): boolean {
    return this.times.length > 2 * standing + SLACK;
  }

  clear(): void {
    this.times.length = 0;
    this.items.length = 0;
  }

  /** Puts something where the first was, and down to where it belongs. */
  private sink(time: number, item: Item): void {
    const { times, items } = this;
    const { length } = times;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && times[below + 1]! < times[below]!) below++;
      if (times[below]! >= time) break;
      times[at] = times[below]!;
      items[at] = items[below]!;
      at = below;
    }
    times[at] = time;
    items[at] = item;
  }
}
