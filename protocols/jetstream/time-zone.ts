/** The clocks of time zones, by their IANA names. */
import { formatTime } from './timestamp.ts';

const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

export function isZone(name: string): boolean {
  return name !== '' && formatOf(name) !== null;
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
    return format;
  } catch {
    return null;
  }
}

/** How far the zone's clock is ahead of UTC at a time, in milliseconds. */
export function offsetAt(zone: string, at: number): number {
  if (zone === 'UTC') return 0;
  const parts = new Map(
    formatOf(zone)!
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(at / 1000) * 1000;
}

/** RFC 3339, with the zone's offset. */
export function zoneText(zone: string, at: number): string {
  const offsetMinutes = Math.round(offsetAt(zone, at) / MINUTE_MS);
  return formatTime({ nanos: BigInt(Math.round(at)) * 1_000_000n, offsetMinutes });
}
