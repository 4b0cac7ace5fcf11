/** Order, search and pages of a table. */
import { type Row, textOf } from './answers.ts';
import { whole } from './format.ts';

export interface Sorting {
  readonly key: string;
  /** Against the order in which the key sorts by itself. */
  readonly isReversed: boolean;
}

/** A second click on a heading turns the order round. */
export function sortedBy(now: Sorting, key: string): Sorting {
  return key === now.key ? { key, isReversed: !now.isReversed } : { key, isReversed: false };
}

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** Which rows to ask for. The other end of a list comes first when the order is reversed. */
export function sliceFor(page: number, rows: number, total: number, isReversed: boolean): Slice {
  const from = page * rows;
  if (!isReversed || total === 0) return { offset: from, limit: rows };
  const offset = Math.max(0, total - from - rows);
  return { offset, limit: Math.max(1, Math.min(rows, total - from - offset)) };
}

/** The page to be on when there may be fewer rows than before. */
export function pageWithin(page: number, rows: number, total: number): number {
  return Math.max(0, Math.min(page, Math.ceil(total / rows) - 1));
}

export function rangeText(page: number, rows: number, total: number): string {
  if (total === 0) return 'none';
  const from = page * rows + 1;
  return `${whole(from)}–${whole(Math.min(from + rows - 1, total))} of ${whole(total)}`;
}

export type SortValue = number | string | null;

/** Numbers from the largest, texts from A; what has no value comes last, and equals keep their order. */
export function arranged<Item>(
  items: readonly Item[],
  sortValue: (item: Item) => SortValue,
  isReversed: boolean,
): Item[] {
  const sign = isReversed ? -1 : 1;
  return items
    .map((item) => ({ item, value: sortValue(item) }))
    .sort((a, b) => compare(a.value, b.value, sign))
    .map(({ item }) => item);
}

function compare(a: SortValue, b: SortValue, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return sign * (b - a);
  const [left, right] = [String(a), String(b)];
  return left === right ? 0 : sign * (left < right ? -1 : 1);
}

/** What is looked for: every word has to occur. */
export function searchWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

export function matches(row: Row, keys: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const text = keys
    .map((key) => textOf(row[key]))
    .join('\n')
    .toLowerCase();
  return wanted.every((word) => text.includes(word));
}
