/** A consumer as an archive holds it. */
import { Buffer } from 'node:buffer';
import type { Clock } from '../../../kernel/plugin-api.ts';
import { type ConsumerConfig, consumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { type Codec, DecodeFault, decodeBody } from '../../../protocols/jetstream/json/codec.ts';
import { always, given, printMap, struct } from '../../../protocols/jetstream/json/composites.ts';
import { int64, uint64 } from '../../../protocols/jetstream/json/scalars.ts';
import type { StoredConsumer } from '../../../protocols/nats-files/consumer-file.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import { Usage } from '../account/usage.ts';
import type { Consumer } from '../consumer/consumer.ts';
import type { ConsumerState } from '../consumer/consumer-state.ts';
import { startOf } from '../consumer/start-position.ts';
import { MessageLog } from '../stream/message-log.ts';
import type { StagedStream } from './staged-stream.ts';

const NANOS_PER_MS = 1_000_000n;

const sequences = struct('sequences', {
  consumer: always('consumer_seq', uint64),
  stream: always('stream_seq', uint64),
});

const pendingOne = struct('pending', { sequence: always('Sequence', uint64), time: always('Timestamp', int64) });

function mapOf<Value>(codec: Codec<Value>): Codec<ReadonlyMap<string, Value>> {
  return {
    typeName: `map[uint64]${codec.typeName}`,
    zero: () => new Map(),
    isZero: (value) => value.size === 0,
    read: (node, reading) => new Map(node.members.map(({ key, value }) => [key, reading.at(key, value, codec)])),
    print: (value) => printMap(value, codec.print),
  };
}

const entry = struct('consumer', {
  config: always('config', consumerConfig),
  state: always(
    'state',
    struct('state', {
      delivered: always('delivered', sequences),
      floor: always('ack_floor', sequences),
      pending: given('pending', mapOf(pendingOne)),
      redelivered: given('redelivered', mapOf(uint64)),
    }),
  ),
});

export function printConsumerEntry(consumer: Consumer): Buffer {
  const stored = storedStateOf(consumer);
  const pending = stored.pending.map(({ sequence, consumerSequence, time }) => {
    const one = { sequence: BigInt(consumerSequence), time: BigInt(Math.round(time)) * NANOS_PER_MS };
    return [String(sequence), one] as const;
  });
  const state = {
    delivered: { consumer: BigInt(stored.deliveredConsumer), stream: BigInt(stored.deliveredStream) },
    floor: { consumer: BigInt(stored.floorConsumer), stream: BigInt(stored.floorStream) },
    pending: new Map(pending),
    redelivered: new Map(stored.redelivered.map(([seq, count]) => [String(seq), BigInt(count)] as const)),
  };
  return Buffer.from(entry.print({ config: consumer.config, state }));
}

/** Null where it can not be read. */
export function readConsumerEntry(name: string, bytes: Uint8Array, created: bigint): KeptConsumer | null {
  const read = decodeBody(bytes, entry, false);
  if (read instanceof DecodeFault) return null;
  const { delivered, floor, pending, redelivered } = read.state;
  const state = keptStateOf({
    deliveredConsumer: Number(delivered.consumer),
    deliveredStream: Number(delivered.stream),
    floorConsumer: Number(floor.consumer),
    floorStream: Number(floor.stream),
    pending: Array.from(pending, ([seq, { sequence, time }]) => ({
      sequence: Number(seq),
      consumerSequence: Number(sequence),
      time: Number(time / NANOS_PER_MS),
    })),
    redelivered: Array.from(redelivered, ([seq, count]) => [Number(seq), Number(count)] as const),
  });
  return { name, config: read.config, created, state };
}

/** Where a consumer stands that was somewhere else before. */
export function keptStateOf(stored: StoredConsumer): ConsumerState {
  const { deliveredConsumer, deliveredStream, floorConsumer, floorStream, redelivered } = stored;
  const pending = stored.pending.map(
    ({ sequence, consumerSequence, time }) => [sequence, consumerSequence, time] as const,
  );
  pending.sort(([, left], [, right]) => left - right);
  return {
    streamSequence: deliveredStream + 1,
    consumerSequence: deliveredConsumer + 1,
    floorStream,
    floorConsumer,
    deliveredStream,
    streamLast: 0,
    pending,
    redelivered,
  };
}

/** Of one that begins, as it is told to. */
export async function startState(
  config: ConsumerConfig,
  { records, storage }: StagedStream,
  clock: Clock,
): Promise<ConsumerState> {
  const before = (await startOf(config, new MessageLog(records, storage, new Usage()), clock)) - 1;
  const place = { deliveredConsumer: 0, deliveredStream: before, floorConsumer: 0, floorStream: before };
  return keptStateOf({ ...place, pending: [], redelivered: [] });
}

/** The same for whoever keeps it in the form of nats-server. */
export function storedStateOf({ machine }: Consumer): StoredConsumer {
  const { told } = machine;
  const pending = Array.from(machine.pending, ([sequence, { consumerSequence }]) => {
    return { sequence, consumerSequence, time: machine.countedTime(sequence) };
  });
  return { ...told, pending, redelivered: [...machine.redelivered] };
}
