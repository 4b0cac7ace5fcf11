import type { Clock, Timer } from '../../kernel/ports/ports.ts';

/** What a test meets instead of an answer when the power fails. */
export class PowerCut extends Error {}

/** A clock that stops for those who died. */
export class MortalClock implements Clock {
  isDead = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now = () => this.#clock.now();
  monotonic = () => this.#clock.monotonic();
  after = (milliseconds: number, run: () => void): Timer => this.#clock.after(milliseconds, this.#mortal(run));
  soon = (run: () => void) => this.#clock.soon(this.#mortal(run));
  afterInput = (run: () => void) => this.#clock.afterInput(this.#mortal(run));
  inputEnds = () => this.#clock.inputEnds();

  #mortal(run: () => void): () => void {
    return () => {
      if (!this.isDead) run();
    };
  }
}
