/** Six fields that say when: second, minute, hour, day of the month, month, day of the week. */
import { offsetAt } from './time-zone.ts';

export interface CronFields {
  readonly seconds: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Either day is enough: none of the two is left open. */
  readonly isEitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MS = 86_400_000;
const YEARS_MAX = 5;

interface Range {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const RANGES: readonly Range[] = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: WEEKDAYS },
];

export function parseCron(text: string): CronFields | null {
  const written = text.trim().split(/\s+/);
  if (written.length !== RANGES.length) return null;
  const read = written.map((field, at) => parseField(field, RANGES[at]!));
  const [seconds, minutes, hours, days, months, weekdays] = read;
  if (!seconds || !minutes || !hours || !days || !months || !weekdays) return null;
  const isEitherDay = !isOpen(written[3]!) && !isOpen(written[5]!);
  return { seconds, minutes, hours, days, months, weekdays, isEitherDay };
}

function isOpen(field: string): boolean {
  return /^[*?](\/1)?$/.test(field);
}

function parseField(field: string, range: Range): Set<number> | null {
  const values = new Set<number>();
  for (const piece of field.split(',')) {
    const [span = '', stepText, surplus] = piece.split('/');
    const step = stepText === undefined ? 1 : /^\d{1,4}$/.test(stepText) ? Number(stepText) : 0;
    const bounds = boundsOf(span, stepText !== undefined, range);
    if (bounds === null || step === 0 || surplus !== undefined) return null;
    for (let value = bounds[0]; value <= bounds[1]; value += step) values.add(value);
  }
  return values;
}

function boundsOf(span: string, hasStep: boolean, range: Range): readonly [number, number] | null {
  if (span === '*' || span === '?') return [range.least, range.most];
  const [from = '', to] = span.split('-');
  const least = numberOf(from, range);
  if (least === null || span.split('-').length > 2) return null;
  if (to === undefined) return [least, hasStep ? range.most : least];
  const most = numberOf(to, range);
  return most === null || most < least ? null : [least, most];
}

function numberOf(text: string, { least, most, names }: Range): number | null {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + least;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value < least || value > most ? null : value;
}

/** The first match after the current second, in milliseconds; null when there is none within five years. */
export function nextCronTime(fields: CronFields, zone: string, now: number): number | null {
  const start = Math.floor(now / 1000) * 1000 + 1000;
  const local = start + offsetAt(zone, start);
  const firstDay = Math.floor(local / DAY_MS);
  for (let day = firstDay; day <= firstDay + YEARS_MAX * 366; day++) {
    if (!isDay(fields, day)) continue;
    for (const time of timesOf(fields, day === firstDay ? local - day * DAY_MS : 0)) {
      const found = utcOf(day * DAY_MS + time, zone);
      if (found !== null && found >= start) return found;
    }
  }
  return null;
}

function isDay({ days, months, weekdays, isEitherDay }: CronFields, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const isOfMonth = days.has(date.getUTCDate());
  const isOfWeek = weekdays.has(date.getUTCDay());
  return isEitherDay ? isOfMonth || isOfWeek : isOfMonth && isOfWeek;
}

/** Times of a day that match, from one on, ascending; in milliseconds. */
function* timesOf({ hours, minutes, seconds }: CronFields, from: number): Generator<number> {
  for (const hour of ascending(hours)) {
    if ((hour + 1) * 3_600_000 <= from) continue;
    for (const minute of ascending(minutes)) {
      if (hour * 3_600_000 + (minute + 1) * 60_000 <= from) continue;
      for (const second of ascending(seconds)) {
        const time = hour * 3_600_000 + minute * 60_000 + second * 1000;
        if (time >= from) yield time;
      }
    }
  }
}

function ascending(values: ReadonlySet<number>): number[] {
  return [...values].sort((left, right) => left - right);
}

/** Null where the zone's clock never shows this time. */
function utcOf(local: number, zone: string): number | null {
  const guess = local - offsetAt(zone, local);
  const found = local - offsetAt(zone, guess);
  return found + offsetAt(zone, found) === local ? found : null;
}
