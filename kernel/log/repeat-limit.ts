/**
 * Keeps one fault from filling the disk: a warning or error that was printed within the last second is left out.
 */
import type { LogLevel } from './log-record.ts';

const QUIET_MS = 1000;
/** More texts than this within a second are not all remembered. */
const REMEMBERED_MAX = 1000;
const LIMITED: ReadonlySet<LogLevel> = new Set(['warn', 'error']);

export class RepeatLimit {
  private readonly seen = new Map<string, number>();

  admits(level: LogLevel, text: string, time: number): boolean {
    if (!LIMITED.has(level)) return true;
    const last = this.seen.get(text);
    if (last !== undefined && time - last < QUIET_MS && time >= last) return false;
    this.remember(text, time);
    return true;
  }

  /** The oldest stand first, because what is seen again moves to the end. */
  private remember(text: string, time: number): void {
    this.seen.delete(text);
    this.seen.set(text, time);
    for (const [old, seenAt] of this.seen) {
      if (this.seen.size <= REMEMBERED_MAX && time - seenAt < QUIET_MS && time >= seenAt) return;
      this.seen.delete(old);
    }
  }
}
