/** Points in time with nanoseconds, as RFC 3339 writes them. */
import { type Codec, DecodeFault } from './json/codec.ts';

/** Nanoseconds since 1970, and how many minutes the clock it was written with is ahead of UTC. */
export interface Timestamp {
  readonly nanos: bigint;
  readonly offsetMinutes: number;
}

const BILLION = 1_000_000_000n;
const LAYOUT = '2006-01-02T15:04:05Z07:00';

/** The first day of year 1: how the protocol writes that there is none. */
export const ZERO_TIME_TEXT = '0001-01-01T00:00:00Z';
export const ZERO_NANOS = -62_135_596_800n * BILLION;
export const ZERO_TIME: Timestamp = Object.freeze({ nanos: ZERO_NANOS, offsetMinutes: 0 });

export function utc(nanos: bigint): Timestamp {
  return { nanos, offsetMinutes: 0 };
}

export function isZeroTime(time: Timestamp): boolean {
  return time.nanos === ZERO_NANOS;
}

/** In UTC; zeros at the end of the fraction are left out. */
export function formatNanos(nanos: bigint): string {
  const fraction = ((nanos % BILLION) + BILLION) % BILLION;
  return `${secondsText((nanos - fraction) / BILLION)}${fractionText(fraction)}Z`;
}

/** With the offset it was written with. */
export function formatTime(time: Timestamp): string {
  if (time.offsetMinutes === 0) return formatNanos(time.nanos);
  const shown = formatNanos(time.nanos + BigInt(time.offsetMinutes) * 60n * BILLION);
  const minutes = Math.abs(time.offsetMinutes);
  const sign = time.offsetMinutes < 0 ? '-' : '+';
  return `${shown.slice(0, -1)}${sign}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function secondsText(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
}

function fractionText(fraction: bigint): string {
  return fraction === 0n ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** The time, or what a fault says of the text. */
export function parseTime(written: string): Timestamp | string {
  let rest = written;
  const numbers: number[] = [];
  for (const [piece, pattern] of PIECES) {
    const found = pattern.exec(rest);
    if (found === null) return cannotParse(written, rest, piece);
    rest = rest.slice(found[0].length);
    if (found[1] !== undefined) numbers.push(Number(found[1]));
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  const problem = rangeProblem(month, hour, minute, second);
  if (problem !== '') return outOfRange(written, problem);
  const fraction = /^[.,](\d+)/.exec(rest);
  if (fraction !== null) rest = rest.slice(fraction[0].length);
  const zone = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(rest);
  if (zone === null) return cannotParse(written, rest, 'Z07:00');
  if (rest.length > zone[0].length) {
    return `parsing time ${JSON.stringify(written)}: extra text: ${JSON.stringify(rest.slice(zone[0].length))}`;
  }
  if (day < 1 || day > daysOf(year, month)) return outOfRange(written, 'day');
  const milliseconds = epochMilliseconds(year, month, day, hour, minute, second);
  return compose(milliseconds, fraction?.[1] ?? '', zone);
}

const PIECES: readonly (readonly [string, RegExp])[] = [
  ['2006', /^(\d{4})/],
  ['-', /^-/],
  ['01', /^(\d\d)/],
  ['-', /^-/],
  ['02', /^(\d\d)/],
  ['T', /^T/],
  ['15', /^(\d\d)/],
  [':', /^:/],
  ['04', /^(\d\d)/],
  [':', /^:/],
  ['05', /^(\d\d)/],
];

function rangeProblem(month: number, hour: number, minute: number, second: number): string {
  if (month < 1 || month > 12) return 'month';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  return second > 59 ? 'second' : '';
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** `Date.UTC` takes years below 100 for those of the last century. */
function epochMilliseconds(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
}

function compose(milliseconds: number, fraction: string, zone: RegExpExecArray): Timestamp {
  const sign = zone[1] === '-' ? -1 : 1;
  const offsetMinutes = zone[1] === undefined ? 0 : sign * (Number(zone[2]) * 60 + Number(zone[3]));
  const local = BigInt(milliseconds) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return { nanos: local - BigInt(offsetMinutes) * 60n * BILLION, offsetMinutes };
}

function cannotParse(written: string, rest: string, piece: string): string {
  return `parsing time ${JSON.stringify(written)} as "${LAYOUT}": cannot parse ${JSON.stringify(rest)} as "${piece}"`;
}

function outOfRange(written: string, part: string): string {
  return `parsing time ${JSON.stringify(written)}: ${part} out of range`;
}

/** Zero where none is given. */
export const time: Codec<Timestamp> = {
  typeName: 'time.Time',
  zero: () => ZERO_TIME,
  isZero: isZeroTime,
  read(node, reading) {
    if (node.kind === 'null') return ZERO_TIME;
    if (node.kind !== 'string') throw reading.mismatch(node, 'time.Time');
    const parsed = parseTime(node.text);
    if (typeof parsed === 'string') throw new DecodeFault(parsed);
    return parsed;
  },
  print: (value) => `"${formatTime(value)}"`,
};

/** A point in time the server tells, in UTC. */
export const nanosTime: Codec<bigint> = {
  typeName: 'time.Time',
  zero: () => ZERO_NANOS,
  isZero: (value) => value === ZERO_NANOS,
  read: (node, reading) => time.read(node, reading).nanos,
  print: (value) => `"${formatNanos(value)}"`,
};
