/** Work of many small steps, between which others have their turn. */
import { type Clock, Pace } from '../../../kernel/plugin-api.ts';

/** What one step removes, before the clock is looked at. */
export const STEP = 256;

/** Until a step answers that it was the last. */
export async function inSteps(clock: Clock, step: () => boolean): Promise<void> {
  const pace = new Pace(clock);
  while (!step()) if (pace.isDue) await pace.rest();
}
