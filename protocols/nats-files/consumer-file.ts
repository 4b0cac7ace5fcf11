/** `o.dat`: where a consumer stands. Sequences are counted from where everything is acknowledged; times are in seconds. */
import { Buffer } from 'node:buffer';
import { NumberReader, uvarint, varint } from './little-numbers.ts';

export interface StoredPending {
  readonly sequence: number;
  readonly consumerSequence: number;
  /** When it was delivered, in milliseconds since 1970. */
  readonly time: number;
}

export interface StoredConsumer {
  readonly floorConsumer: number;
  readonly floorStream: number;
  readonly deliveredConsumer: number;
  readonly deliveredStream: number;
  readonly pending: readonly StoredPending[];
  readonly redelivered: readonly (readonly [sequence: number, count: number])[];
}

const MAGIC = 22;
const VERSION = 2;
const MS = 1000;

/** Null where it can not be read. */
export function readConsumerFile(bytes: Uint8Array): StoredConsumer | null {
  const reader = new NumberReader(bytes);
  if (reader.byte() !== MAGIC || reader.byte() !== VERSION) return null;
  const floorConsumer = reader.uvarint();
  const floorStream = reader.uvarint();
  const deliveredConsumer = reader.uvarint();
  const deliveredStream = reader.uvarint();
  const pending: StoredPending[] = [];
  let left = reader.uvarint();
  const since = left > 0 ? Number(reader.varint()) : 0;
  for (; left > 0 && !reader.isShort; left--) {
    const sequence = floorStream + reader.uvarint();
    const consumerSequence = floorConsumer + reader.uvarint();
    pending.push({ sequence, consumerSequence, time: MS * (since - Number(reader.varint())) });
  }
  const redelivered: [number, number][] = [];
  for (left = reader.uvarint(); left > 0 && !reader.isShort; left--) {
    redelivered.push([floorStream + reader.uvarint(), reader.uvarint()]);
  }
  if (reader.isShort) return null;
  return { floorConsumer, floorStream, deliveredConsumer, deliveredStream, pending, redelivered };
}

export function encodeConsumerFile(consumer: StoredConsumer): Buffer {
  const { floorConsumer, floorStream, deliveredConsumer, deliveredStream, pending, redelivered } = consumer;
  const count = (value: number): number[] => uvarint(BigInt(value));
  const bytes = [MAGIC, VERSION, ...[floorConsumer, floorStream, deliveredConsumer, deliveredStream].flatMap(count)];
  const seconds = pending.map(({ time }) => Math.floor(time / MS));
  const since = seconds.reduce((newest, second) => Math.max(newest, second), 0);
  bytes.push(...count(pending.length), ...(pending.length > 0 ? varint(BigInt(since)) : []));
  const parts = [Buffer.from(bytes)];
  pending.forEach(({ sequence, consumerSequence }, at) => {
    const places = [...count(sequence - floorStream), ...count(consumerSequence - floorConsumer)];
    parts.push(Buffer.from([...places, ...varint(BigInt(since - seconds[at]!))]));
  });
  parts.push(Buffer.from(count(redelivered.length)));
  for (const [sequence, times] of redelivered) {
    parts.push(Buffer.from([...count(sequence - floorStream), ...count(times)]));
  }
  return Buffer.concat(parts);
}
