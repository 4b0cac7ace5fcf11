/** A consumer as an archive holds it. */
import { Buffer } from 'node:buffer';
import { consumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { type Codec, DecodeFault, decodeBody } from '../../../protocols/jetstream/json/codec.ts';
import { always, given, printMap, struct } from '../../../protocols/jetstream/json/composites.ts';
import { int64, uint64 } from '../../../protocols/jetstream/json/scalars.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import type { Consumer } from '../consumer/consumer.ts';

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

export function printConsumerEntry({ config, machine }: Consumer): Buffer {
  const pending = Array.from(machine.pending, ([seq, { consumerSequence }]) => {
    const one = {
      sequence: BigInt(consumerSequence),
      time: BigInt(Math.round(machine.countedTime(seq))) * NANOS_PER_MS,
    };
    return [String(seq), one] as const;
  });
  const redelivered = Array.from(machine.redelivered, ([seq, count]) => [String(seq), BigInt(count)] as const);
  const { told } = machine;
  const state = {
    delivered: { consumer: BigInt(told.deliveredConsumer), stream: BigInt(told.deliveredStream) },
    floor: { consumer: BigInt(told.floorConsumer), stream: BigInt(told.floorStream) },
    pending: new Map(pending),
    redelivered: new Map(redelivered),
  };
  return Buffer.from(entry.print({ config, state }));
}

/** Null where it can not be read. */
export function readConsumerEntry(name: string, bytes: Uint8Array, created: bigint): KeptConsumer | null {
  const read = decodeBody(bytes, entry, false);
  if (read instanceof DecodeFault) return null;
  const { delivered, floor, pending, redelivered } = read.state;
  const waiting = Array.from(
    pending,
    ([seq, { sequence, time }]) => [Number(seq), Number(sequence), Number(time / NANOS_PER_MS)] as const,
  );
  waiting.sort(([, left], [, right]) => left - right);
  const state = {
    streamSequence: Number(delivered.stream) + 1,
    consumerSequence: Number(delivered.consumer) + 1,
    floorStream: Number(floor.stream),
    floorConsumer: Number(floor.consumer),
    deliveredStream: Number(delivered.stream),
    streamLast: 0,
    pending: waiting,
    redelivered: Array.from(redelivered, ([seq, count]) => [Number(seq), Number(count)] as const),
  };
  return { name, config: read.config, created, state };
}
