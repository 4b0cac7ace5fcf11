/** Where a consumer begins. */
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { momentOf } from '../stream/moment.ts';
import { filterSetOf } from './consumer-machine.ts';

export interface StartPosition {
  readonly sequence: number;
  /** The last messages of each subject, for those who want these first; empty for all others. */
  readonly starters: readonly number[];
}

export function startOf(config: ConsumerConfig, log: MessageLog): StartPosition {
  const begin = Math.max(log.first, 1);
  switch (config.deliverPolicy) {
    case 'all':
      return at(begin);
    case 'new':
      return at(log.last + 1);
    case 'last': {
      const isFiltered = filtersOf(config).length > 0;
      return at(Math.max(begin, isFiltered ? log.previous(filterSetOf(config), log.last) : log.last));
    }
    case 'by_start_sequence':
      return at(Math.max(begin, Number(config.optStartSeq)));
    case 'by_start_time': {
      const found = log.at(momentOf(config.optStartTime!.nanos));
      // Not known yet: only for one that stands elsewhere by now.
      if (found < 0) return at(begin);
      return at(found === Number.POSITIVE_INFINITY ? log.last + 1 : found);
    }
    case 'last_per_subject':
      return lastOfEach(config, log);
  }
}

function lastOfEach(config: ConsumerConfig, log: MessageLog): StartPosition {
  const starters: number[] = [];
  log.visitSubjects(filterSetOf(config), (_subject, _count, node) => void starters.push(log.lastOf(node)));
  starters.sort((left, right) => left - right);
  return { sequence: starters[0] ?? Math.max(log.last, log.first, 1), starters };
}

function at(sequence: number): StartPosition {
  return { sequence, starters: [] };
}
