import { EventHeap, type TimedEvent } from './event-heap.ts';
import type { FastRandom } from './fast-random.ts';
import { InputEnd } from './input-end.ts';
import type { Clock, Timer } from './ports.ts';

/** The moment simulated worlds begin: 2025-01-01T00:00:00Z. */
const EPOCH_MS = Date.UTC(2025, 0, 1);

/** A clock that stands still until the next event is due, and then is there at once. */
export class SimulatedClock implements Clock {
  private readonly random: FastRandom;
  private readonly timers = new EventHeap();
  private readonly turn: (() => void)[] = [];
  private readonly inputEnd = new InputEnd((run) => this.soon(run));
  private time = 0;

  constructor(random: FastRandom) {
    this.random = random;
  }

  now(): number {
    return EPOCH_MS + Math.floor(this.time);
  }

  monotonic(): number {
    return this.time;
  }

  after(milliseconds: number, run: () => void): Timer {
    // Node cannot wait less than a millisecond either. Timers due together run in an order nobody may rely on.
    return this.at(this.time + Math.max(1, milliseconds), run);
  }

  soon(run: () => void): void {
    this.turn.push(run);
  }

  afterInput(run: () => void): void {
    this.inputEnd.add(run);
  }

  inputEnds(): void {
    this.inputEnd.reached();
  }

  /** Runs at an exact time, which need not be a millisecond away: for the world's own events. */
  at(time: number, run: () => void): Timer {
    const event: TimedEvent = { time: Math.max(time, this.time), order: this.random.word(), run };
    this.timers.add(event);
    return { cancel: () => this.timers.cancel(event) };
  }

  /** Takes out the next thing to do that is due by `limit`, and moves the time to it. */
  next(limit: number): (() => void) | null {
    const soon = this.turn.shift();
    if (soon !== undefined) return soon;
    if (this.timers.nextTime() > limit) return null;
    const event = this.timers.next();
    if (event === null) return null;
    this.time = event.time;
    const { run } = event;
    // So that a cancel after the fact finds nothing to cancel.
    event.run = null;
    return run;
  }

  /** Lets time pass up to `time` with nothing happening. */
  skipTo(time: number): void {
    this.time = Math.max(this.time, time);
  }
}
