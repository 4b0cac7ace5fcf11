import type { Random } from '../../kernel/plugin-api.ts';

/** A loop of leafs is found by a subject that nobody but this server asks for: where interest in it arrives, it came around. */
export const LOOP_PREFIX = '$LDS.';

/** How long whoever connected waits after a mistake that only people can mend. */
const DELAY_MS = 30_000;
/** All lines of a ring may have been cut at once. They come back one by one, so that only the last of them closes it again. */
const CHANCE_MS = 5000;

export function loopDelayMs(random: Random): number {
  return DELAY_MS + random.fraction() * CHANCE_MS;
}
