/** What a broker with streams in memory answers to a conversation. */
import { connect } from '@nats-io/transport-node';
import { testBroker } from '../../../bin/testing.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { converse } from './converse.ts';
import { memoryPlugin } from './memory-plugin.ts';
import type { Conversation } from './said.ts';

export async function heardInMemory(conversation: Conversation): Promise<string[]> {
  await using broker = await testBroker({}, { plugins: [memoryPlugin, plugin] });
  const client = await connect({ servers: broker.url! });
  const heard = await converse(client, conversation);
  await client.close();
  return heard;
}
