/** What goes wrong again and again is logged once, and after a while once more. */
import type { Clock } from '../ports/ports.ts';

const QUIET_MS = 60_000;
const REMEMBERED_MAX = 256;

export class Complaints {
  private readonly clock: Clock;
  private readonly said = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Whether it is worth a line now. */
  isNews(about: string, text: string): boolean {
    const key = `${about} ${text}`;
    const now = this.clock.monotonic();
    const before = this.said.get(key);
    if (before !== undefined && now - before < QUIET_MS) return false;
    this.said.delete(key);
    this.said.set(key, now);
    const [oldest] = this.said.keys();
    if (this.said.size > REMEMBERED_MAX && oldest !== undefined) this.said.delete(oldest);
    return true;
  }

  /** What was wrong there is over. */
  forget(about: string): void {
    for (const key of [...this.said.keys()]) if (key.startsWith(`${about} `)) this.said.delete(key);
  }
}
