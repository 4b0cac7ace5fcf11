/** Work in slices: whoever walks over a long list asks after each step whether it is somebody else's turn. */
import type { Clock } from './ports.ts';

const SLICE_MS = 2;
/** Of everybody who rests on a clock one goes on at a time: many slices in one turn would hold the loop like a long one. */
const LINES = new WeakMap<Clock, (() => void)[]>();

export class Pace {
  readonly #clock: Clock;
  #untilMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#untilMs = clock.monotonic() + SLICE_MS;
  }

  get isDue(): boolean {
    return this.#clock.monotonic() >= this.#untilMs;
  }

  /** Lets everything else that waits run first. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        this.#untilMs = this.#clock.monotonic() + SLICE_MS;
        resolve();
      };
      join(this.#clock, goOn);
    });
  }
}

function join(clock: Clock, goOn: () => void): void {
  const line = LINES.get(clock) ?? [];
  LINES.set(clock, line);
  if (line.push(goOn) === 1) clock.soon(() => admit(clock, line));
}

function admit(clock: Clock, line: (() => void)[]): void {
  line.shift()?.();
  if (line.length > 0) clock.soon(() => admit(clock, line));
}
