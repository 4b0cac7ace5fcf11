/** What one server answers to a conversation. It has nothing stored before. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { converse } from '../plugins/jetstream/converse.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import type { Target } from '../wire/targets.ts';

/** `block`: more of its block `jetstream`. */
export async function heardAt(target: Target, conversation: Conversation, block: object = {}): Promise<string[]> {
  const store = mkdtempSync(join(tmpdir(), 'gnatlet-heard-'));
  const server = await target.start(`jetstream: ${JSON.stringify({ ...block, store_dir: store })}`);
  const probe = (await server.connect()) as Socket;
  const client = await connect({ servers: `127.0.0.1:${probe.remotePort}` });
  probe.destroy();
  try {
    return await converse(client, conversation);
  } finally {
    await client.close();
    await server.stop();
    rmSync(store, { recursive: true, force: true });
  }
}
