/** What was found to be damaged since the driver was opened, and the counters of the care for it. */
import type { Clock } from '../../kernel/plugin-api.ts';
import type { CareFigures, CareListener, Damage } from '../contract.ts';

/** Of more than that the newest are kept. */
const KEPT_MAX = 1000;

export class DamageLog implements CareFigures {
  readonly list: Damage[] = [];
  listener: CareListener | null = null;
  damagedFrames = 0;
  readErrors = 0;
  passes = 0;
  verifiedBytes = 0;
  leftBytes = 0;
  repaired = 0;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  found(damage: Omit<Damage, 'foundAt'>): void {
    const dated = { ...damage, foundAt: this.clock.now() };
    this.damagedFrames++;
    if (damage.cause === 'unreadable') this.readErrors++;
    this.list.push(dated);
    if (this.list.length > KEPT_MAX) this.list.shift();
    this.listener?.damaged(dated);
  }

  healed(store: string): void {
    this.listener?.healed?.(store);
  }
}
