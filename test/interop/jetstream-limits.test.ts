/** What little room does to streams, here and with a genuine server; and what their words for sizes are. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { converse } from '../plugins/jetstream/converse.ts';
import { LIMIT_CONVERSATIONS, type LimitedConversation } from '../plugins/jetstream/limit-conversations.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets, gnatletTarget, type Target } from '../wire/targets.ts';

const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (genuine.length === 0) skip('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

async function heardBy(target: Target, conversation: LimitedConversation): Promise<string[]> {
  const store = mkdtempSync(join(tmpdir(), 'gnatlet-limits-'));
  const block = JSON.stringify({ ...conversation.config, store_dir: store });
  const server = await target.start(`jetstream: ${block}`);
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

for (const conversation of LIMIT_CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const there = await heardBy(genuine[0]!, conversation);
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    const here = await heardBy(gnatletTarget(), conversation);
    for (let line = 0; line < Math.max(here.length, there.length); line++) {
      const asked = here.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(here[line], there[line], asked);
    }
  });
}

test.run();
