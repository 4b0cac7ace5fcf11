/** Work in slices on a clock that each look moves on: how long the longest went without a rest. */
import type { Clock } from '../../kernel/ports/ports.ts';

export interface CountedSlices {
  longest(): number;
  rests(): number;
}

/** From now on each look at the clock takes `stepMs`. */
export function countedSlices({ ports: { clock } }: { ports: { clock: Clock } }, stepMs: number): CountedSlices {
  let [now, began, longest, rests] = [0, 0, 0, 0];
  clock.monotonic = () => {
    now += stepMs;
    return now;
  };
  const soon = clock.soon.bind(clock);
  clock.soon = (run) => {
    longest = Math.max(longest, now - began);
    rests++;
    soon(() => {
      began = now;
      run();
    });
  };
  return { longest: () => longest, rests: () => rests };
}
