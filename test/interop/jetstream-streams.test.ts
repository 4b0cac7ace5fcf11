/** The same conversations with streams and consumers, here and with a genuine server: the same answers, byte for byte. */
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../bin/testing.ts';
import { plugin } from '../../plugins/jetstream/index.ts';
import { CONVERSATIONS } from '../plugins/jetstream/conversations.ts';
import { converse } from '../plugins/jetstream/converse.ts';
import { memoryPlugin } from '../plugins/jetstream/memory-plugin.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import { skipFile } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';
import { heardAt } from './heard-at.ts';

const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (genuine.length === 0) skipFile('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

async function heardHere(conversation: Conversation): Promise<string[]> {
  await using broker = await testBroker({}, { plugins: [memoryPlugin, plugin] });
  const client = await connect({ servers: broker.url! });
  const heard = await converse(client, conversation);
  await client.close();
  return heard;
}

for (const conversation of CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const [here, there] = await Promise.all([heardHere(conversation), heardAt(genuine[0]!, conversation)]);
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    for (let line = 0; line < Math.max(here.length, there.length); line++) {
      const asked = here.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(here[line], there[line], asked);
    }
  });
}

test.run();
