/** The time for messages that were read together: the clock is asked for some of them at once. */
import type { Broker, Clock } from '../../../kernel/plugin-api.ts';

/** Messages of one input that share a time: some microseconds. */
const SHARED_MAX = 32;

export class InputTime {
  private readonly clock: Clock;
  private readonly flow: Broker['flow'];
  private input = -1;
  private left = 0;
  private time = 0;

  constructor(clock: Clock, flow: Broker['flow']) {
    this.clock = clock;
    this.flow = flow;
  }

  /** In milliseconds. Outside the handling of an input it is what the clock says. */
  now(): number {
    const { flow } = this;
    if (flow.producer === null) return this.clock.now();
    if (flow.inputs !== this.input || this.left === 0) {
      this.input = flow.inputs;
      this.left = SHARED_MAX;
      this.time = this.clock.now();
    }
    this.left--;
    return this.time;
  }
}
