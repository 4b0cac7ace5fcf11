/**
 * Where a consumer stands, as it is told: by what was delivered and what was acknowledged of that, one by one. What it passed over
 * on its own, since nothing there was for it, does not show before something behind it is delivered.
 */
import type { PendingMessages } from './pending-messages.ts';

export interface Position {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly floorStream: number;
  readonly floorConsumer: number;
}

export class ToldPosition {
  deliveredStream = 0;
  deliveredConsumer = 0;
  floorStream = 0;
  floorConsumer = 0;

  /** As the consumer stands now: after a purge, or a reset. */
  set({ streamSequence, consumerSequence, floorStream, floorConsumer }: Position): void {
    this.deliveredStream = streamSequence - 1;
    this.deliveredConsumer = consumerSequence - 1;
    this.floorStream = floorStream;
    this.floorConsumer = floorConsumer;
  }

  /** Everything before the first that waits is settled: many messages went. */
  settledBehind(pending: PendingMessages): void {
    if (this.floorStream < pending.first - 1) this.settleTo(pending.first, pending);
  }

  private settleTo(next: number, pending: PendingMessages): void {
    this.floorStream = next - 1;
    this.floorConsumer = pending.consumerSequenceOf(next) - 1;
  }

  delivered(seq: number, consumerSequence: number, isSettled: boolean): void {
    if (consumerSequence <= this.floorConsumer) return;
    if (consumerSequence > this.deliveredConsumer) this.deliveredConsumer = consumerSequence;
    if (seq > this.deliveredStream) this.deliveredStream = seq;
    if (!isSettled) return;
    this.floorStream = this.deliveredStream;
    this.floorConsumer = this.deliveredConsumer;
  }

  /** What is to be delivered first lies behind messages that are not for this consumer. */
  passed(seq: number, isSettled: boolean): void {
    if (seq <= this.deliveredStream || this.deliveredConsumer > 0) return;
    this.deliveredStream = seq;
    if (isSettled) this.floorStream = seq;
  }

  /** `wasPending`: what was given up moves nothing. The rest is what waits now. */
  acked(seq: number, consumerSequence: number, wasPending: boolean, pending: PendingMessages, isUpTo: boolean): void {
    if (seq <= this.floorStream || consumerSequence <= this.floorConsumer || !wasPending) return;
    if (isUpTo) {
      this.floorStream = seq;
      this.floorConsumer = consumerSequence;
    } else if (pending.size === 0) {
      this.floorStream = this.deliveredStream;
      this.floorConsumer = this.deliveredConsumer;
    } else if (consumerSequence === this.floorConsumer + 1) this.raise(seq, consumerSequence, pending);
  }

  private raise(seq: number, consumerSequence: number, pending: PendingMessages): void {
    this.floorStream = seq;
    this.floorConsumer = consumerSequence;
    const next = pending.after(seq);
    if (next > 0) this.settleTo(next, pending);
  }
}
