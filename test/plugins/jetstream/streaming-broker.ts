/** A broker with streams in memory, and the official clients on it. */
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
  await using broker = await testBroker(config, { plugins: [memoryPlugin, plugin] });
  const client = await connect({ servers: broker.url! });
  try {
    const manager = await jetstreamManager(client);
    await play({ client, js: jetstream(client), manager });
  } finally {
    await client.close();
  }
}
