/** Durations as people write them: `1h30m`, `1.5s`, `100ms`. Nanoseconds inside. */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MOST = 2n ** 63n - 1n;
const PIECE = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** Null for what is none. Digits beyond the nanosecond are dropped. */
export function parseDurationText(text: string): bigint | null {
  const sign = text[0] === '-' || text[0] === '+' ? 1 : 0;
  if (text.slice(sign) === '0') return 0n;
  if (text.length === sign || text.length > 100) return null;
  let total = 0n;
  PIECE.lastIndex = sign;
  while (PIECE.lastIndex < text.length) {
    const found = PIECE.exec(text);
    if (found === null || (found[1] === '' && (found[2] ?? '') === '')) return null;
    total += pieceNanos(found[1]!, found[2] ?? '', UNITS[found[3]!]!);
  }
  if (total > MOST) return null;
  return text[0] === '-' ? -total : total;
}

function pieceNanos(whole: string, fraction: string, unit: bigint): bigint {
  const nanos = BigInt(whole === '' ? '0' : whole) * unit;
  return fraction === '' ? nanos : nanos + (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
}

/** The shortest way that says it all: `1m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDurationText(nanos: bigint): string {
  if (nanos < 0n) return `-${formatDurationText(-nanos)}`;
  if (nanos === 0n) return '0s';
  if (nanos < UNITS.us!) return `${nanos}ns`;
  if (nanos < UNITS.ms!) return `${decimal(nanos, UNITS.us!)}µs`;
  if (nanos < UNITS.s!) return `${decimal(nanos, UNITS.ms!)}ms`;
  const hours = nanos / UNITS.h!;
  const minutes = (nanos % UNITS.h!) / UNITS.m!;
  const seconds = `${decimal(nanos % UNITS.m!, UNITS.s!)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}

function decimal(nanos: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const rest = String(nanos % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(nanos / unit) : `${nanos / unit}.${rest}`;
}
