/** Where a consumer stands, as it is written down. */
export interface ConsumerState {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly floorStream: number;
  readonly floorConsumer: number;
  readonly deliveredStream: number;
  /** The last of the stream when this was written: with less than that in it, something was lost. 0 where it is not known. */
  readonly streamLast: number;
  /** Sequence in the stream, its own, when it was delivered, and when it is due; without that, as its configuration says. */
  readonly pending: readonly (readonly [
    seq: number,
    consumerSequence: number,
    time: number,
    deadline?: number | null,
  ])[];
  readonly redelivered: readonly (readonly [seq: number, count: number])[];
}
