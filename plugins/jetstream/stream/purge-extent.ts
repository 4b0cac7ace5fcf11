/** What a purge is about, as far as consumers have to know: many messages, or a single one, which goes as if it were deleted. */
import { Buffer } from 'node:buffer';
import { isValidLiteral } from '../../../kernel/plugin-api.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from './message-log.ts';
import type { PurgeCommand } from './purge.ts';

export interface PurgeExtent {
  /** Empty where all subjects are meant. */
  readonly filter: string;
  readonly isSingle: boolean;
}

/** Whoever has to know that many messages go at once. */
export interface Purging {
  purging(extent: PurgeExtent, purge: () => number): number;
}

export function purgeExtent(log: MessageLog, isInMemory: boolean, command: PurgeCommand): PurgeExtent {
  const { filter, keep } = command;
  const isCounted = (isInMemory && (filter !== '' || keep > 0)) || (filter !== '' && isValidLiteral(filter));
  return { filter, isSingle: isCounted && isSingle(log, command) };
}

function isSingle(log: MessageLog, { before, filter, keep }: PurgeCommand): boolean {
  if (filter === '' && (before > log.last || (before === 0 && keep === 0))) return false;
  const filters = new FilterSet(filter === '' ? [] : [filter]);
  if (before === 0) return countOf(log, filter, filters) - keep === 1;
  const first = log.next(filters, log.first);
  return first < before && log.next(filters, first + 1) >= before;
}

function countOf(log: MessageLog, filter: string, filters: FilterSet): number {
  if (filter === '') return log.count;
  if (!isValidLiteral(filter)) return log.countFrom(filters, 0);
  return log.countOf(log.records.find(Buffer.from(filter, 'latin1'), 0, filter.length));
}
