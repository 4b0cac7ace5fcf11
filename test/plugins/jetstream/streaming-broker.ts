/** A broker with streams in memory, and the official clients on it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type ServerConfig, testBroker } from '../../../bin/testing.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { memoryPlugin } from './memory-plugin.ts';

export interface StreamingClient {
  readonly client: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** Plays something on a broker of its own. */
export async function withStreams(
  play: (streaming: StreamingClient) => Promise<void>,
  config: ServerConfig = {},
): Promise<void> {
  await using broker = await testBroker(
    { plugins: ['auth'], jetstream: true, ...config },
    { plugins: [memoryPlugin, plugin] },
  );
  const client = await connect({ servers: broker.url! });
  try {
    const manager = await jetstreamManager(client);
    await play({ client, js: jetstream(client), manager });
  } finally {
    await client.close();
  }
}

/** The same with files, in a directory of its own. */
export async function withFiles(
  play: (streaming: StreamingClient) => Promise<void>,
  config: ServerConfig = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-streams-'));
  try {
    const { jetstream: block } = config as { jetstream?: object };
    await using broker = await testBroker({ ...config, jetstream: { ...block, store_dir: directory } });
    const client = await connect({ servers: broker.url! });
    await play({ client, js: jetstream(client), manager: await jetstreamManager(client) });
    await client.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
