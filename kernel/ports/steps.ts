/** Work in steps: what takes long is done a few steps at a time, with others served in between. */
export type Steps<Outcome> = Generator<void, Outcome, void>;

/** How many steps are done before others have their turn. Each should take some microseconds. */
export const STEPS_AT_ONCE = 100;

/** All of it at once. */
export function outcomeOf<Outcome>(steps: Steps<Outcome>): Outcome {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** A few steps at a time. */
export async function inTurns<Outcome>(steps: Steps<Outcome>, pause: () => Promise<void>): Promise<Outcome> {
  for (let count = 1; ; count++) {
    const { done, value } = steps.next();
    if (done) return value;
    if (count % STEPS_AT_ONCE === 0) await pause();
  }
}
