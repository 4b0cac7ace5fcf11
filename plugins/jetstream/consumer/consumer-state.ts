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

/** What of that changed since it was written down. */
export interface ConsumerProgress {
  readonly place: readonly [
    streamSequence: number,
    consumerSequence: number,
    floorStream: number,
    floorConsumer: number,
    deliveredStream: number,
    streamLast: number,
  ];
  /** Messages as they are now: 0 for its own sequence where one is not waited for, and how often it was delivered again. */
  readonly messages: readonly (readonly [
    seq: number,
    consumerSequence: number,
    time: number,
    again: number,
    deadline: number | null,
  ])[];
}

/** The state with all that changed since. */
export function stateAfter(state: ConsumerState, steps: readonly ConsumerProgress[]): ConsumerState {
  const pending = new Map(state.pending.map((one) => [one[0], one]));
  const redelivered = new Map(state.redelivered);
  let { streamSequence, consumerSequence, floorStream, floorConsumer, deliveredStream, streamLast } = state;
  for (const { place, messages } of steps) {
    [streamSequence, consumerSequence, floorStream, floorConsumer, deliveredStream, streamLast] = place;
    for (const [seq, own, time, again, deadline] of messages) {
      if (own === 0) pending.delete(seq);
      else pending.set(seq, [seq, own, time, deadline]);
      if (again === 0) redelivered.delete(seq);
      else redelivered.set(seq, again);
    }
  }
  const place = { streamSequence, consumerSequence, floorStream, floorConsumer, deliveredStream, streamLast };
  return { ...place, pending: [...pending.values()], redelivered: [...redelivered] };
}
