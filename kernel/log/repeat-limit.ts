/**
 * Keeps one fault from filling the disk: of warnings and errors with the same text, only the first few within a second
 * are written.
 */
import type { LogLevel } from './log-record.ts';

const PERIOD_MS = 1000;
const REPEATS_MAX = 5;
/** Beyond this many different texts within a period the oldest are forgotten. */
const REMEMBERED_MAX = 1000;
const LIMITED: ReadonlySet<LogLevel> = new Set(['warn', 'error']);

interface Repeats {
  since: number;
  count: number;
}

export class RepeatLimit {
  /** In the order of their beginning. */
  private readonly seen = new Map<string, Repeats>();

  admits(level: LogLevel, text: string, time: number): boolean {
    if (!LIMITED.has(level)) return true;
    const repeats = this.seen.get(text);
    if (repeats !== undefined && !isPast(repeats, time)) return ++repeats.count <= REPEATS_MAX;
    this.seen.delete(text);
    this.forget(time);
    this.seen.set(text, { since: time, count: 1 });
    return true;
  }

  private forget(time: number): void {
    for (const [text, repeats] of this.seen) {
      if (this.seen.size < REMEMBERED_MAX && !isPast(repeats, time)) return;
      this.seen.delete(text);
    }
  }
}

/** A clock that was set back begins a new period too. */
function isPast({ since }: Repeats, time: number): boolean {
  return time - since >= PERIOD_MS || time < since;
}
