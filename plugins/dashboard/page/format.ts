/** Numbers, sizes and times as people read them. What is no number is a dash, never "NaN". */

export const NONE = '–';

const THIN = '\u202f';
const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

type Maybe = number | null | undefined;

/** Three digits that count: `0`, `12`, `1.23 k`, `45.6 M`. */
export function compact(value: Maybe): string {
  return scaled(value, 1000, UNITS);
}

export function size(bytes: Maybe): string {
  return scaled(bytes, 1024, SIZE_UNITS);
}

export function perSecond(value: Maybe): string {
  return isShown(value) ? `${compact(value)}/s` : NONE;
}

export function sizePerSecond(bytes: Maybe): string {
  return isShown(bytes) ? `${size(bytes)}/s` : NONE;
}

export function percent(value: Maybe): string {
  return isShown(value) ? `${value < 9.95 ? trimmed(value.toFixed(1)) : Math.round(value)}%` : NONE;
}

/** All digits, in groups. */
export function whole(value: Maybe): string {
  if (!isShown(value)) return NONE;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** The two largest units of milliseconds: `3d 4h`, `2m 05s`, `17s`. */
export function duration(milliseconds: Maybe): string {
  if (!isShown(milliseconds) || milliseconds < 0) return NONE;
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    { unit: 'd', size: 86_400, of: Number.POSITIVE_INFINITY },
    { unit: 'h', size: 3600, of: 24 },
    { unit: 'm', size: 60, of: 60 },
    { unit: 's', size: 1, of: 60 },
  ];
  const first = parts.findIndex(({ size: unitSize }) => seconds >= unitSize);
  if (first === -1) return '0s';
  const shown = parts.slice(first, first + 2).map(({ unit, size: unitSize, of }) => {
    return { unit, count: Math.floor(seconds / unitSize) % of };
  });
  if (shown[1]?.count === 0) shown.pop();
  return shown.map(({ unit, count }, at) => `${at === 0 ? count : String(count).padStart(2, '0')}${unit}`).join(' ');
}

const SECONDS: Readonly<Record<string, number>> = {
  y: 31_536_000,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  µs: 1e-6,
  us: 1e-6,
  ns: 1e-9,
};

/** Milliseconds of a duration as the monitor writes them: `4d2h0m9s`, `1.71462ms`. Null for what is none. */
export function millisecondsOf(text: string): number | null {
  if (!/^(\d+(\.\d+)?(y|d|h|ms|m|µs|us|ns|s))+$/.test(text)) return null;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(y|d|h|ms|m|µs|us|ns|s)/g)) {
    sum += Number(count) * SECONDS[unit!]!;
  }
  return sum * 1000;
}

export function elapsed(text: string): string {
  return duration(millisecondsOf(text));
}

/** Short times, to three digits: `444 µs`, `1.71 ms`, `2.5 s`. */
export function shortTime(milliseconds: Maybe): string {
  if (!isShown(milliseconds) || milliseconds < 0) return NONE;
  if (milliseconds < 0.001) return '0 ms';
  if (milliseconds < 1) return `${threeDigits(milliseconds * 1000)} µs`;
  return milliseconds < 1000 ? `${threeDigits(milliseconds)} ms` : `${threeDigits(milliseconds / 1000)} s`;
}

/** The time of day on this machine, of milliseconds since 1970. */
export function clockTime(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toTimeString().slice(0, 8) : NONE;
}

/** Day and time of a time as the monitor writes it; a dash for one that never was. */
export function dateTime(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1970) return NONE;
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${day.join('-')} ${clockTime(at.getTime())}`;
}

/** `limitHits` and `publish_permissions` as words. */
export function words(name: string): string {
  const spaced = name.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, (_, left: string, right: string) => {
    return `${left} ${right.toLowerCase()}`;
  });
  return spaced.trim();
}

function isShown(value: Maybe): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function scaled(value: Maybe, base: number, units: readonly string[]): string {
  if (!isShown(value)) return NONE;
  let [rest, at] = [Math.abs(value), 0];
  // What would be rounded up to the next unit belongs there.
  while (rest >= base - 0.5 && at < units.length - 1) {
    rest /= base;
    at++;
  }
  const digits = at === 0 && rest >= 10 ? String(Math.round(rest)) : threeDigits(rest);
  const unit = units[at]!;
  return `${value < 0 ? '-' : ''}${digits}${unit === '' ? '' : `${THIN}${unit}`}`;
}

function threeDigits(value: number): string {
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return decimals === 0 ? String(Math.round(value)) : trimmed(value.toFixed(decimals));
}

function trimmed(text: string): string {
  return text.replace(/\.?0+$/, '');
}
