/** Where a consumer stands, as it is written down. */
export interface ConsumerState {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly floorStream: number;
  readonly floorConsumer: number;
  readonly deliveredStream: number;
  /** Sequence in the stream, its own, and when it was delivered. */
  readonly pending: readonly (readonly [seq: number, consumerSequence: number, time: number])[];
  readonly redelivered: readonly (readonly [seq: number, count: number])[];
}
