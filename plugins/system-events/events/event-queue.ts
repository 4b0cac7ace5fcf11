/**
 * Events on their way out: published in slices, in their order, so that ten thousand clients that go at once do not hold the
 * loop.
 */
import type { Clock, Log } from '../../../kernel/plugin-api.ts';

const SLICE_MS = 2;
/** More than that many wait only if nothing else gets a turn either. */
export const EVENTS_MAX = 65_536;

type Work = () => Promise<void> | undefined;

export class EventQueue {
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: Work[] = [];
  #next = 0;
  #isArmed = false;
  #isClosed = false;
  /** Of these the log has not told yet. */
  #dropped = 0;
  #droppedEver = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get length(): number {
    return this.#waiting.length - this.#next;
  }

  get dropped(): number {
    return this.#droppedEver;
  }

  add(work: Work): void {
    if (this.#isClosed) return;
    if (this.length >= EVENTS_MAX) {
      this.#dropped++;
      this.#droppedEver++;
      return;
    }
    this.#waiting.push(work);
    this.#arm();
  }

  /** Everything that waits goes now: nothing comes after. */
  close(): void {
    while (this.length > 0) void this.#step();
    this.#isClosed = true;
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#clock.soon(() => void this.#run());
  }

  /** One after the other, those that take a while included. */
  async #run(): Promise<void> {
    const untilMs = this.#clock.monotonic() + SLICE_MS;
    while (this.length > 0 && this.#clock.monotonic() < untilMs) {
      const done = this.#step();
      if (done !== undefined) await done;
    }
    this.#isArmed = false;
    if (this.length > 0) this.#arm();
    else this.#rest();
  }

  #step(): Promise<void> | undefined {
    const work = this.#waiting[this.#next++]!;
    try {
      return work()?.catch((error: Error) => this.#failed(error));
    } catch (error) {
      this.#failed(error as Error);
      return undefined;
    }
  }

  #failed({ message }: Error): void {
    this.#log.error(`an event could not be published: ${message}`);
  }

  #rest(): void {
    this.#waiting = [];
    this.#next = 0;
    if (this.#dropped === 0) return;
    this.#log.warn(`${this.#dropped} events were dropped: ${EVENTS_MAX} were waiting already`);
    this.#dropped = 0;
  }
}
