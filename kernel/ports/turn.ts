import type { Clock } from './ports.ts';

/** For long work in steps: what has arrived meanwhile is dealt with before the next one. */
export function turnOf(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
