/** Conversations by theme, here and with a genuine server: the same answers, and the same is told to whoever listens. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../bin/testing.ts';
import { plugin } from '../../plugins/jetstream/index.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { until } from '../kits/until.ts';
import { converse } from '../plugins/jetstream/converse.ts';
import { memoryPlugin } from '../plugins/jetstream/memory-plugin.ts';
import { randomTalk } from '../plugins/jetstream/random-talk.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import { arranged, THEMES } from '../plugins/jetstream/themes.ts';
import { skipFile } from '../runner/skip.ts';
import { genuineTargets, type RunningServer } from '../wire/targets.ts';

const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (genuine.length === 0) skipFile('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

let there: RunningServer;
let theirPort = 0;
let tidyUp = async (): Promise<void> => {};

test.before(async () => {
  const store = mkdtempSync(join(tmpdir(), 'gnatlet-themes-'));
  there = await genuine[0]!.start(`jetstream { store_dir: ${JSON.stringify(store)} }`);
  const probe = (await there.connect()) as Socket;
  theirPort = probe.remotePort!;
  probe.destroy();
  tidyUp = async () => {
    await there.stop();
    rmSync(store, { recursive: true, force: true });
  };
});

test.after(() => tidyUp());

async function heardHere(conversation: Conversation): Promise<string[]> {
  await using broker = await testBroker({}, { plugins: [memoryPlugin, plugin] });
  const client = await connect({ servers: broker.url! });
  const heard = await converse(client, conversation);
  await client.close();
  return heard;
}

async function heardThere(conversation: Conversation): Promise<string[]> {
  const client = await connect({ servers: `127.0.0.1:${theirPort}` });
  try {
    return await converse(client, conversation);
  } finally {
    await deleteStreams(client);
    await client.close();
  }
}

/** To the end: what is told of it comes later than the answers, and must not be heard by the next conversation. */
async function deleteStreams(client: NatsConnection): Promise<void> {
  const { streams } = JSON.parse((await client.request('$JS.API.STREAM.NAMES')).string()) as { streams?: string[] };
  if (streams == null || streams.length === 0) return;
  const last = `$JS.API.STREAM.DELETE.${streams.at(-1)}`;
  const told = { ends: 0, isAudited: false };
  client.subscribe('$JS.EVENT.ADVISORY.STREAM.DELETED.>', { callback: () => void told.ends++ });
  client.subscribe('$JS.EVENT.ADVISORY.API', {
    callback: (_error, message) => {
      if (message.json<{ subject: string }>().subject === last) told.isAudited = true;
    },
  });
  for (const name of streams) await client.request(`$JS.API.STREAM.DELETE.${name}`);
  await until(() => told.ends === streams.length && told.isAudited);
}

const seed = chosenSeed();
const BY_CHANCE = Array.from({ length: 5 }, (_, at) => randomTalk(new Seeded(seed + at), 40));

/** Of a message that was delivered twice, and deleted, a genuine server tells that it was delivered once. */
function withoutDeliveries(line: string): string {
  return line.replace(/"deliveries":\d+,"reason":"Unacknowledged message was deleted"/, '"deliveries":N');
}

for (const conversation of [...THEMES, ...BY_CHANCE]) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const isByChance = !THEMES.includes(conversation);
    const [here, theirs] = (await Promise.all([heardHere(conversation), heardThere(conversation)])).map((heard) =>
      arranged(heard, conversation).map((line) => (isByChance ? withoutDeliveries(line) : line)),
    );
    if (process.env.GNATLET_RECORD === '1' && THEMES.includes(conversation)) record(conversation, theirs!);
    for (let line = 0; line < Math.max(here!.length, theirs!.length); line++) {
      const asked = here!.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(here![line], theirs![line], asked);
    }
  });
}

test.run();
