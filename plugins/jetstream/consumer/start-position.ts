/** Where a consumer begins. */
import type { Clock } from '../../../kernel/plugin-api.ts';
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { momentOf } from '../stream/moment.ts';
import { placeOf } from '../stream/sequence-limit.ts';
import { filterSetOf } from './consumer-machine.ts';
import { findLast } from './find-last.ts';

/**
 * The first sequence to look at; a promise where it takes long to find, or messages have to be fetched. Who wants the last message of each
 * subject looks for these from there on.
 */
export function startOf(config: ConsumerConfig, log: MessageLog, clock: Clock): number | Promise<number> {
  const begin = Math.max(log.first, 1);
  switch (config.deliverPolicy) {
    case 'all':
      return begin;
    case 'new':
      return log.last + 1;
    case 'last': {
      const isFiltered = filtersOf(config).length > 0;
      const found = isFiltered ? findLast(log, filterSetOf(config), clock) : log.last;
      return typeof found === 'number' ? Math.max(begin, found) : found.then((last) => Math.max(begin, last));
    }
    case 'by_start_sequence':
      return Math.max(begin, placeOf(config.optStartSeq));
    case 'by_start_time': {
      const moment = momentOf(config.optStartTime!.nanos);
      const found = log.at(moment);
      return found < 0 ? log.find(moment).then((first) => behindAll(first, log)) : behindAll(found, log);
    }
    case 'last_per_subject':
      return begin;
  }
}

/** Where all are older, it begins with the next that comes. */
function behindAll(found: number, log: MessageLog): number {
  return found === Number.POSITIVE_INFINITY ? log.last + 1 : found;
}
