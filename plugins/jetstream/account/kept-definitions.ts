/** What is written down of streams and consumers beside their messages, so that they are there again after a restart. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type ConsumerConfig, consumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { DecodeFault, decodeBody, type ValueOf } from '../../../protocols/jetstream/json/codec.ts';
import { always, struct } from '../../../protocols/jetstream/json/composites.ts';
import { text } from '../../../protocols/jetstream/json/scalars.ts';
import { streamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { nanosTime } from '../../../protocols/jetstream/timestamp.ts';
import { type ConsumerProgress, type ConsumerState, stateAfter } from '../consumer/consumer-state.ts';

export const STREAM_CELL = 'stream';
export const CONSUMER_CELLS = 'consumer/';
const CELL_BYTES_MAX = 255;

/** Long names are known by their hash; the cell itself says which consumer it holds. */
export function consumerCell(name: string): string {
  const cell = CONSUMER_CELLS + name;
  return Buffer.byteLength(cell) <= CELL_BYTES_MAX
    ? cell
    : CONSUMER_CELLS + createHash('sha256').update(name).digest('hex');
}

const keptStream = struct('kept stream', {
  config: always('config', streamConfig),
  created: always('created', nanosTime),
});
export type KeptStream = ValueOf<typeof keptStream>;

const keptConsumer = struct('kept consumer', {
  name: always('name', text),
  config: always('config', consumerConfig),
  created: always('created', nanosTime),
  /** JSON of its own, which changes often. */
  state: always('state', text),
});

export function printStream(stream: KeptStream): Buffer {
  return Buffer.from(keptStream.print(stream));
}

/** Null where it can not be read. Fields of later versions are passed over. */
export function readStream(bytes: Uint8Array): KeptStream | null {
  const kept = decodeBody(bytes, keptStream, false);
  return kept instanceof DecodeFault ? null : kept;
}

export interface KeptConsumer {
  readonly name: string;
  readonly config: ConsumerConfig;
  readonly created: bigint;
  readonly state: ConsumerState;
}

export function printConsumer(consumer: KeptConsumer): Buffer {
  return Buffer.from(keptConsumer.print({ ...consumer, state: JSON.stringify(consumer.state) }));
}

/** Stands behind the consumer, or behind another of its kind. */
export function printProgress(progress: ConsumerProgress): Buffer {
  return Buffer.from(`\n${JSON.stringify(progress)}`);
}

export function readConsumer(bytes: Uint8Array): KeptConsumer | null {
  const [whole = '', ...lines] = Buffer.from(bytes).toString('utf8').split('\n');
  const kept = decodeBody(Buffer.from(whole), keptConsumer, false);
  if (kept instanceof DecodeFault) return null;
  try {
    const steps = lines.map((line) => JSON.parse(line) as ConsumerProgress);
    return { ...kept, state: stateAfter(JSON.parse(kept.state) as ConsumerState, steps) };
  } catch {
    return null;
  }
}
