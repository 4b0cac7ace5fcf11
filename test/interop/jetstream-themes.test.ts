/** Conversations by theme, here and with a genuine server: the same answers, and the same is told to whoever listens. */
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { until } from '../kits/until.ts';
import { assertAlike } from '../plugins/jetstream/alike.ts';
import { converse } from '../plugins/jetstream/converse.ts';
import { heardInMemory } from '../plugins/jetstream/heard-in-memory.ts';
import { randomTalk } from '../plugins/jetstream/random-talk.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import { arranged, THEMES } from '../plugins/jetstream/themes.ts';
import { genuineOrSkip, Side, streamNames } from './side.ts';

const genuine = genuineOrSkip();
let there: Side;

test.before(async () => {
  there = await Side.start(genuine);
});

test.after(() => there[Symbol.asyncDispose]());

function heardThere(conversation: Conversation): Promise<string[]> {
  return there.with(async (client) => {
    try {
      return await converse(client, conversation);
    } finally {
      await deleteStreams(client);
    }
  });
}

/** To the end: what is told of it comes later than the answers, and must not be heard by the next conversation. */
async function deleteStreams(client: NatsConnection): Promise<void> {
  const streams = await streamNames(client);
  if (streams.length === 0) return;
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
const BY_CHANCE = Array.from({ length: Number(process.env.GNATLET_ROUNDS ?? 5) }, (_, at) =>
  randomTalk(new Seeded(seed + at), 40),
);

/** Of a message that was delivered twice, and deleted, a genuine server tells that it was delivered once. */
function withoutDeliveries(line: string): string {
  return line.replace(/"deliveries":\d+,"reason":"Unacknowledged message was deleted"/, '"deliveries":N');
}

for (const conversation of [...THEMES, ...BY_CHANCE]) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const isByChance = !THEMES.includes(conversation);
    const [ours, theirs] = (await Promise.all([heardInMemory(conversation), heardThere(conversation)])).map((heard) =>
      arranged(heard, conversation).map((line) => (isByChance ? withoutDeliveries(line) : line)),
    );
    if (process.env.GNATLET_RECORD === '1' && THEMES.includes(conversation)) record(conversation, theirs!);
    assertAlike(ours!, theirs!);
  });
}

test.run();
