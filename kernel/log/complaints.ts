/** What goes wrong, or comes and goes, again and again is logged once or a few times, and after a while once more. */
import type { Clock } from '../ports/ports.ts';

const QUIET_MS = 60_000;
const REMEMBERED_MAX = 256;

interface Saying {
  readonly since: number;
  count: number;
}

export class Complaints {
  private readonly clock: Clock;
  private readonly said = new Map<string, Saying>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Whether it is worth a line now: so often within a minute it is. */
  isNews(about: string, text: string, often = 1): boolean {
    const key = `${about} ${text}`;
    const now = this.clock.monotonic();
    const before = this.said.get(key);
    if (before !== undefined && now - before.since < QUIET_MS) return ++before.count <= often;
    this.said.delete(key);
    this.said.set(key, { since: now, count: 1 });
    const [oldest] = this.said.keys();
    if (this.said.size > REMEMBERED_MAX && oldest !== undefined) this.said.delete(oldest);
    return true;
  }

  /** What was wrong there is over. */
  forget(about: string): void {
    for (const key of [...this.said.keys()]) if (key.startsWith(`${about} `)) this.said.delete(key);
  }
}
