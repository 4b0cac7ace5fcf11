/**
 * Messages that follow each other and were delivered together: the first one's sequence in the stream, its own, when they were delivered,
 * when they are due (without that, as the configuration says), and how many they are (without that, one).
 */
export type PendingRun = readonly [
  seq: number,
  consumerSequence: number,
  time: number,
  deadline?: number | null,
  count?: number,
];

/** Where a consumer stands, as it is written down. */
export interface ConsumerState {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly floorStream: number;
  readonly floorConsumer: number;
  readonly deliveredStream: number;
  /** The last of the stream when this was written: with less than that in it, something was lost. 0 where it is not known. */
  readonly streamLast: number;
  readonly pending: readonly PendingRun[];
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
  if (steps.length === 0) return state;
  const pending = new Map(eachOf(state.pending).map((one) => [one[0], one]));
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

/** The messages of the runs, one by one. */
export function eachOf(runs: readonly PendingRun[]): PendingRun[] {
  return runs.flatMap(([seq, consumerSequence, time, deadline, count = 1]) =>
    Array.from({ length: count }, (_, at) => [seq + at, consumerSequence + at, time, deadline] as const),
  );
}
