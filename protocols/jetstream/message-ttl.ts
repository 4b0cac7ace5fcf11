/** How long a single message is to live. */
import { parseDurationText } from './duration-text.ts';

const SECOND = 1_000_000_000n;
const SECONDS_MAX = 2n ** 63n / SECOND;

/** For messages that outlive even the stream's own limit. */
export const NEVER = -1;

/** Whole seconds, or `NEVER`; null for what can not be read, or is less than a second. */
export function parseTtl(text: string): number | null {
  if (text.toLowerCase() === 'never') return NEVER;
  const seconds = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : fromDuration(text);
  return seconds === null || seconds < 1n || seconds > SECONDS_MAX ? null : Number(seconds);
}

function fromDuration(text: string): bigint | null {
  const nanos = parseDurationText(text);
  return nanos === null ? null : nanos / SECOND;
}
