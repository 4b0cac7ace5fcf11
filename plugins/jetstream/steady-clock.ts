/**
 * The time that streams go by: what the machine's clock says, unless that jumps. A jump against the monotonic clock is believed only when
 * it has lasted, since much would expire at once by mistake, and nothing brings it back.
 */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';

const JUMP_MS = 5_000;
const HOLD_MS = 30_000;
/** As long as the time is no later than that after both clocks were compared, it cannot have jumped ahead. */
const COMPARE_MS = 1_000;

export class SteadyClock implements Clock {
  private readonly clock: Clock;
  private readonly onJump: (milliseconds: number) => void;
  /** The machine's time beyond the monotonic one, as it is believed. */
  private offset: number;
  /** The machine's time when both clocks were last compared; Infinity while they disagree. */
  private comparedAt: number;
  private strayOffset = 0;
  /** On the monotonic clock; Infinity while there is no jump. */
  private strayedAt = Number.POSITIVE_INFINITY;
  private toldAt = Number.NEGATIVE_INFINITY;

  /** `onJump` hears of a jump when it is met, and not more than once in the time that it is held. */
  constructor(clock: Clock, onJump: (milliseconds: number) => void) {
    this.clock = clock;
    this.onJump = onJump;
    this.comparedAt = clock.now();
    this.offset = this.comparedAt - clock.monotonic();
  }

  now(): number {
    const time = this.clock.now();
    const since = time - this.comparedAt;
    return since >= 0 && since < COMPARE_MS ? time : this.compared(time);
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  after(milliseconds: number, run: () => void): Timer {
    return this.clock.after(milliseconds, run);
  }

  soon(run: () => void): void {
    this.clock.soon(run);
  }

  afterInput(run: () => void): void {
    this.clock.afterInput(run);
  }

  inputEnds(): void {
    this.clock.inputEnds();
  }

  private compared(time: number): number {
    const monotonic = this.clock.monotonic();
    const offset = time - monotonic;
    if (Math.abs(offset - this.offset) > JUMP_MS && !this.hasLasted(offset, monotonic)) {
      this.comparedAt = Number.POSITIVE_INFINITY;
      return monotonic + this.offset;
    }
    this.offset = offset;
    this.comparedAt = time;
    this.strayedAt = Number.POSITIVE_INFINITY;
    return time;
  }

  private hasLasted(offset: number, monotonic: number): boolean {
    const isNew = this.strayedAt === Number.POSITIVE_INFINITY || Math.abs(offset - this.strayOffset) > JUMP_MS;
    if (!isNew) return monotonic - this.strayedAt >= HOLD_MS;
    this.strayOffset = offset;
    this.strayedAt = monotonic;
    if (monotonic - this.toldAt < HOLD_MS) return false;
    this.toldAt = monotonic;
    this.onJump(offset - this.offset);
    return false;
  }
}

export function jumpText(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const direction = milliseconds < 0 ? 'back' : 'ahead';
  return (
    `the clock of this machine jumped ${seconds} seconds ${direction}: ` +
    `streams go by the time before for ${HOLD_MS / 1000} seconds, and then by what it says then`
  );
}
