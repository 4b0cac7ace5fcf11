/** Looks through connections a page at a time: the monitor has no search, and is never asked for all at once. */
import type { Row } from './answers.ts';
import { matches, type Slice } from './table-state.ts';

export const SEARCH_KEYS = [
  'cid',
  'name',
  'ip',
  'port',
  'account',
  'authorized_user',
  'lang',
  'version',
  'reason',
  'type',
];
const ROWS_AT_ONCE = 500;
export const SEARCHED_MAX = 10_000;

export interface Found {
  readonly rows: Row[];
  readonly searched: number;
  readonly total: number;
}

export type AskPage = (slice: Slice) => Promise<{ rows: readonly Row[]; total: number }>;

/** Ends with as many as are wanted, at the end of the list, or at the limit. */
export async function findConnections(ask: AskPage, words: readonly string[], wanted: number): Promise<Found> {
  const found: Row[] = [];
  let [searched, total] = [0, 0];
  for (;;) {
    const page = await ask({ offset: searched, limit: ROWS_AT_ONCE });
    total = page.total;
    searched += page.rows.length;
    found.push(...page.rows.filter((row) => matches(row, SEARCH_KEYS, words)));
    const isEnd = page.rows.length === 0 || searched >= total || searched >= SEARCHED_MAX;
    if (isEnd || found.length >= wanted) return { rows: found.slice(0, wanted), searched, total };
  }
}
