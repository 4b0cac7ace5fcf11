/** Durations as Go writes and reads them: `1m30s`, `1.5h`, `100ms`. Inside, they are milliseconds with fractions. */
import { quotedText } from '../../protocols/client/quoted.ts';

export type DurationOutcome = { readonly ms: number } | { readonly failure: string };

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;

/** Both letters that look like a Greek mu are in use. */
const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', 60n * MINUTE],
]);

const PART = /^(\d*)(\.\d*)?([^\d.]*)/;

export function parseDuration(text: string): DurationOutcome {
  const negative = text.startsWith('-');
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return { ms: 0 };
  const total = unsigned === '' ? invalid(text) : sumOfParts(unsigned, text);
  if (typeof total === 'string') return { failure: total };
  if (total > INT64_MAX) return { failure: invalid(text) };
  return { ms: Number(negative ? -total : total) / 1e6 };
}

const INT64_MAX = 2n ** 63n - 1n;

function sumOfParts(unsigned: string, whole: string): bigint | string {
  let total = 0n;
  for (let rest = unsigned; rest !== ''; ) {
    const [part, integer, fraction, unit] = PART.exec(rest) as unknown as [string, string, string | undefined, string];
    if (integer === '' && (fraction ?? '.') === '.') return invalid(whole);
    if (unit === '') return `time: missing unit in duration ${quotedText(whole)}`;
    const scale = NANOSECONDS.get(unit);
    if (scale === undefined) return `time: unknown unit ${quotedText(unit)} in duration ${quotedText(whole)}`;
    total += BigInt(integer) * scale + fractionOf(fraction ?? '', scale);
    rest = rest.slice(part.length);
  }
  return total;
}

function fractionOf(fraction: string, scale: bigint): bigint {
  const digits = fraction.slice(1);
  return digits === '' ? 0n : (BigInt(digits) * scale) / 10n ** BigInt(digits.length);
}

function invalid(text: string): string {
  return `time: invalid duration ${quotedText(text)}`;
}

/** The shortest form with whole hours and minutes in front: `2m0s`, `1.5s`, `100µs`, `0s`. */
export function formatDuration(ms: number): string {
  const nanoseconds = BigInt(Math.round(Math.abs(ms) * 1e6));
  if (nanoseconds === 0n) return '0s';
  const sign = ms < 0 ? '-' : '';
  if (nanoseconds < 1_000n) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${sign}${decimal(nanoseconds, 1_000n)}µs`;
  if (nanoseconds < 1_000_000_000n) return `${sign}${decimal(nanoseconds, 1_000_000n)}ms`;
  return sign + clockForm(nanoseconds);
}

function clockForm(nanoseconds: bigint): string {
  const seconds = `${decimal(nanoseconds % MINUTE, SECOND)}s`;
  const minutes = nanoseconds / MINUTE;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** The quotient with as many decimals as it needs. */
function decimal(value: bigint, unit: bigint): string {
  const digits = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return digits === '' ? `${value / unit}` : `${value / unit}.${digits}`;
}
