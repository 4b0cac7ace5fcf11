/** The time for messages that were read together: the clock is asked for some of them at once. */
import type { Broker, Clock } from '../../../kernel/plugin-api.ts';
import { type Latest, MutableMoment } from './moment.ts';

/** Messages of one input that share a time: some microseconds. */
const SHARED_MAX = 32;

export class InputTime {
  private readonly clock: Clock;
  private readonly flow: Broker['flow'];
  private input = -1;
  private left = 0;
  private time = 0;
  /** The same, in whole numbers. */
  private readonly moment = new MutableMoment();

  constructor(clock: Clock, flow: Broker['flow']) {
    this.clock = clock;
    this.flow = flow;
  }

  /** In milliseconds. Outside the handling of an input it is what the clock says. */
  now(): number {
    this.look();
    return this.time;
  }

  /** The same as a moment, unless something later has happened already. */
  tell(moment: MutableMoment, log: Latest): void {
    this.look();
    moment.copyNotBefore(this.moment, log);
  }

  private look(): void {
    const { flow } = this;
    const isWithin = flow.producer !== null;
    if (isWithin && flow.inputs === this.input && this.left > 0) {
      this.left--;
      return;
    }
    this.input = isWithin ? flow.inputs : -1;
    this.left = SHARED_MAX - 1;
    this.time = this.clock.now();
    this.moment.set(this.time);
  }
}
