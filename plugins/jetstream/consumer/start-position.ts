/** Where a consumer begins. */
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { momentOf } from '../stream/moment.ts';
import { placeOf } from '../stream/sequence-limit.ts';
import { filterSetOf } from './consumer-machine.ts';

/** The first sequence to look at. Who wants the last message of each subject looks for these from there on. */
export function startOf(config: ConsumerConfig, log: MessageLog): number {
  const begin = Math.max(log.first, 1);
  switch (config.deliverPolicy) {
    case 'all':
      return begin;
    case 'new':
      return log.last + 1;
    case 'last': {
      const isFiltered = filtersOf(config).length > 0;
      return Math.max(begin, isFiltered ? log.previous(filterSetOf(config), log.last) : log.last);
    }
    case 'by_start_sequence':
      return Math.max(begin, placeOf(config.optStartSeq));
    case 'by_start_time': {
      const found = log.at(momentOf(config.optStartTime!.nanos));
      // Not known yet: only for one that stands elsewhere by now.
      if (found < 0) return begin;
      return found === Number.POSITIVE_INFINITY ? log.last + 1 : found;
    }
    case 'last_per_subject':
      return begin;
  }
}
