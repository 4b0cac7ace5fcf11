/** When somebody may be here: windows of the day, in a time zone, of which one may cross midnight. */

export interface DailyWindow {
  /** `HH:MM:SS`. */
  readonly start: string;
  readonly end: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const DAY_SECONDS = 86_400;
const SECOND = 1000;
const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;

export class DailyWindows {
  private readonly spans: readonly Span[];
  private readonly format: Intl.DateTimeFormat;

  private constructor(spans: readonly Span[], format: Intl.DateTimeFormat) {
    this.spans = spans;
    this.format = format;
  }

  /** An empty zone is the one of this machine. A failure says what is wrong. */
  static from(windows: readonly DailyWindow[], zone: string): DailyWindows | { readonly failure: string } {
    const format = formatFor(zone);
    if (format === null) return { failure: `unknown time zone ${JSON.stringify(zone)}` };
    const spans: Span[] = [];
    for (const { start, end } of windows) {
      const [from, to] = [secondsOf(start), secondsOf(end)];
      if (from === null || to === null) {
        return { failure: `${JSON.stringify(from === null ? start : end)} is no time of day, as in "08:30:00"` };
      }
      spans.push({ start: from, end: to < from ? to + DAY_SECONDS : to });
    }
    return new DailyWindows(spans, format);
  }

  /** When the window that `now` is in closes, the latest of several; null outside of all. Milliseconds. */
  endAfter(now: number): number | null {
    const today = Math.floor(this.wallClock(now) / (DAY_SECONDS * SECOND));
    let latest: number | null = null;
    for (const { start, end } of this.spans) {
      // A window that crosses midnight may have begun yesterday.
      for (const day of [today - 1, today]) {
        const closes = this.momentOf(day, end);
        if (this.momentOf(day, start) <= now && now < closes) latest = Math.max(latest ?? closes, closes);
      }
    }
    return latest;
  }

  /** What clocks in the zone show at a moment, as if it were UTC. */
  private wallClock(moment: number): number {
    const shown: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(moment)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** The moment at which clocks in the zone show this. In an hour that is skipped it is the time after the jump. */
  private momentOf(day: number, seconds: number): number {
    const wanted = (day * DAY_SECONDS + seconds) * SECOND;
    const guess = wanted - (this.wallClock(wanted) - wanted);
    return wanted - (this.wallClock(guess) - guess);
  }
}

function secondsOf(text: string): number | null {
  const [whole, hours, minutes, seconds] = TIME.exec(text) ?? [];
  return whole === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function formatFor(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone === '' || zone === 'Local' ? undefined : zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
}
