/** Streams and consumers as files of nats-server name them: one object holds what they were told to be, and when they were made. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type ConsumerConfig, consumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { type Codec, DecodeFault, decodeBody } from '../../../protocols/jetstream/json/codec.ts';
import { always, struct } from '../../../protocols/jetstream/json/composites.ts';
import { text } from '../../../protocols/jetstream/json/scalars.ts';
import { type StreamConfig, streamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { nanosTime } from '../../../protocols/jetstream/timestamp.ts';
import { HighwayHash } from '../../../protocols/nats-files/highway-hash.ts';

const head = struct('stored', { created: always('Created', nanosTime), name: always('name', text) });

export interface StoredDefinition<Config> {
  readonly name: string;
  readonly created: bigint;
  readonly config: Config;
}

/** Null where it can not be read. */
export function readStoredStream(bytes: Uint8Array): StoredDefinition<StreamConfig> | null {
  return read(bytes, streamConfig);
}

export function readStoredConsumer(bytes: Uint8Array): StoredDefinition<ConsumerConfig> | null {
  return read(bytes, consumerConfig);
}

function read<Config>(bytes: Uint8Array, codec: Codec<Config>): StoredDefinition<Config> | null {
  const known = decodeBody(bytes, head, false);
  const config = decodeBody(bytes, codec, false);
  if (known instanceof DecodeFault || config instanceof DecodeFault || known.name === '') return null;
  return { ...known, config };
}

export function printStoredStream({ created, config }: StoredDefinition<StreamConfig>): Buffer {
  return print(streamConfig.print(config), { Created: nanosTime.print(created) });
}

export function printStoredConsumer({ created, name, config }: StoredDefinition<ConsumerConfig>): Buffer {
  return print(consumerConfig.print({ ...config, name }), {
    Created: nanosTime.print(created),
    Name: JSON.stringify(name),
  });
}

/** In front of the fields of the configuration. */
function print(config: string, fields: Readonly<Record<string, string>>): Buffer {
  const printed = Object.entries(fields).map(([key, value]) => `"${key}":${value},`);
  return Buffer.from(`{${printed.join('')}${config.slice(1)}`);
}

/** What the checksum of a file is keyed by: the stream, `<stream>/<consumer>`, or `<stream>-<number of the block>`. */
export function hashOf(owner: string): HighwayHash {
  return new HighwayHash(createHash('sha256').update(owner).digest());
}
