/** What happens next in a simulated world: a binary heap by time, and by a given order among equals. */
export interface TimedEvent {
  readonly time: number;
  readonly order: number;
  /** Null once cancelled. */
  run: (() => void) | null;
}

export class EventHeap {
  private heap: TimedEvent[] = [];
  private cancelledCount = 0;

  get size(): number {
    return this.heap.length - this.cancelledCount;
  }

  add(event: TimedEvent): void {
    this.heap.push(event);
    this.rise(this.heap.length - 1);
  }

  cancel(event: TimedEvent): void {
    if (event.run === null) return;
    event.run = null;
    this.cancelledCount++;
    // Timers that are set and cancelled all day would otherwise pile up until their time comes.
    if (this.cancelledCount > 64 && this.cancelledCount * 2 > this.heap.length) this.rebuild();
  }

  /** The time of the next event, Infinity when there is none. */
  nextTime(): number {
    while (this.heap.length > 0 && this.heap[0]!.run === null) this.removeFirst();
    return this.heap[0]?.time ?? Infinity;
  }

  /** Takes the next event out. */
  next(): TimedEvent | null {
    return this.nextTime() === Infinity ? null : this.removeFirst();
  }

  private removeFirst(): TimedEvent {
    const first = this.heap[0]!;
    const last = this.heap.pop()!;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink(0);
    }
    if (first.run === null) this.cancelledCount--;
    return first;
  }

  private rebuild(): void {
    const live = this.heap.filter((event) => event.run !== null);
    this.heap = [];
    this.cancelledCount = 0;
    for (const event of live) this.add(event);
  }

  private rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(this.heap[index]!, this.heap[parent]!)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private sink(start: number): void {
    let index = start;
    for (;;) {
      const left = index * 2 + 1;
      const right = left + 1;
      let least = index;
      if (left < this.heap.length && isBefore(this.heap[left]!, this.heap[least]!)) least = left;
      if (right < this.heap.length && isBefore(this.heap[right]!, this.heap[least]!)) least = right;
      if (least === index) return;
      this.swap(index, least);
      index = least;
    }
  }

  private swap(a: number, b: number): void {
    const kept = this.heap[a]!;
    this.heap[a] = this.heap[b]!;
    this.heap[b] = kept;
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.time !== b.time ? a.time < b.time : a.order < b.order;
}
