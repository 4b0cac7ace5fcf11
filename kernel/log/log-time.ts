/** The time of log lines: wall clock, to the microsecond, and never backwards from one line to the next unless it jumps. */
import type { Clock } from '../ports/ports.ts';

/** Further apart than this, the clocks have drifted or the wall clock was set. */
const DRIFT_MS_MAX = 2;

export function logTime(clock: Pick<Clock, 'now' | 'monotonic'>): () => number {
  let offset = clock.now() - clock.monotonic();
  return () => {
    const now = clock.now();
    const time = clock.monotonic() + offset;
    if (Math.abs(time - now) <= DRIFT_MS_MAX) return time;
    offset += now - time;
    return now;
  };
}
