/** Requests of each kind with contents of each kind, here and with a genuine server: the same answers, byte for byte. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { converse } from '../plugins/jetstream/converse.ts';
import { REQUEST_TABLES } from '../plugins/jetstream/request-tables.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import { skipFile } from '../runner/skip.ts';
import { genuineTargets, gnatletTarget, type RunningServer, type Target } from '../wire/targets.ts';

const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (genuine.length === 0) skipFile('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

interface Side {
  readonly server: RunningServer;
  readonly port: number;
  readonly store: string;
}

const sides: Side[] = [];

async function started(target: Target): Promise<Side> {
  const store = mkdtempSync(join(tmpdir(), 'gnatlet-requests-'));
  const server = await target.start(`jetstream { store_dir: ${JSON.stringify(store)} }`);
  const probe = (await server.connect()) as Socket;
  const port = probe.remotePort!;
  probe.destroy();
  return { server, port, store };
}

test.before(async () => {
  for (const target of [gnatletTarget(), genuine[0]!]) sides.push(await started(target));
});

test.after(async () => {
  for (const { server, store } of sides) {
    await server.stop();
    rmSync(store, { recursive: true, force: true });
  }
});

async function heardAt({ port }: Side, conversation: Conversation): Promise<string[]> {
  const client = await connect({ servers: `127.0.0.1:${port}` });
  try {
    return await converse(client, conversation);
  } finally {
    await deleteStreams(client);
    await client.close();
  }
}

async function deleteStreams(client: NatsConnection): Promise<void> {
  const { streams } = JSON.parse((await client.request('$JS.API.STREAM.NAMES')).string()) as { streams?: string[] };
  for (const name of streams ?? []) await client.request(`$JS.API.STREAM.DELETE.${name}`);
}

for (const conversation of REQUEST_TABLES) {
  test(conversation.name, async () => {
    const [here, there] = await Promise.all(sides.map((side) => heardAt(side, conversation)));
    for (let line = 0; line < Math.max(here!.length, there!.length); line++) {
      const asked = here!.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(here![line], there![line], asked);
    }
  });
}

test.run();
