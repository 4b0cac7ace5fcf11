/** The last message of a stream that a consumer wants, for those who begin there: found a piece a turn, where that takes long. */
import { type Clock, Pace } from '../../../kernel/plugin-api.ts';
import type { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from '../stream/message-log.ts';

/** Messages, or subjects, that are looked at in one go. */
const LOOKS_MAX = 2048;

/** Its sequence; 0 where there is none. */
export function findLast(log: MessageLog, filters: FilterSet, clock: Clock): number | Promise<number> {
  const { last } = log;
  if (filters.isAll || filters.literal !== null || last - log.first < LOOKS_MAX) return log.previous(filters, last);
  return log.previousWithin(filters, last, below(last)) || (lastOfFew(log, filters) ?? search(log, filters, clock));
}

/** By the subjects that match; null where these are many. */
function lastOfFew(log: MessageLog, filters: FilterSet): number | null {
  let last = 0;
  const isWhole = log.visitNodes(filters, { left: LOOKS_MAX }, (node) => {
    last = Math.max(last, log.lastOf(node));
  });
  return isWhole ? last : null;
}

async function search(log: MessageLog, filters: FilterSet, clock: Clock): Promise<number> {
  const pace = new Pace(clock);
  for (let from = log.last; from > 0; from = log.lastUpTo(below(from) - 1)) {
    const found = log.previousWithin(filters, from, below(from));
    if (found > 0) return found;
    if (pace.isDue) await pace.rest();
  }
  return 0;
}

/** The lowest of those that are looked at together. */
function below(from: number): number {
  return Math.max(0, from - LOOKS_MAX + 1);
}
