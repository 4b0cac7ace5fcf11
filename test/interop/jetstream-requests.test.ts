/** Requests of each kind with contents of each kind, here and with a genuine server: the same answers, byte for byte. */
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import { assertAlike } from '../plugins/jetstream/alike.ts';
import { converse } from '../plugins/jetstream/converse.ts';
import { REQUEST_TABLES } from '../plugins/jetstream/request-tables.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import { gnatletTarget } from '../wire/targets.ts';
import { genuineOrSkip, Side, streamNames } from './side.ts';

const genuine = genuineOrSkip();
let here: Side;
let there: Side;

test.before(async () => {
  [here, there] = await Promise.all([Side.start(gnatletTarget()), Side.start(genuine)]);
});

test.after(async () => {
  for (const side of [here, there]) await side[Symbol.asyncDispose]();
});

function heardAt(side: Side, conversation: Conversation): Promise<string[]> {
  return side.with(async (client) => {
    try {
      return await converse(client, conversation);
    } finally {
      await deleteStreams(client);
    }
  });
}

async function deleteStreams(client: NatsConnection): Promise<void> {
  for (const name of await streamNames(client)) await client.request(`$JS.API.STREAM.DELETE.${name}`);
}

for (const conversation of REQUEST_TABLES) {
  test(conversation.name, async () => {
    const [ours, theirs] = await Promise.all([heardAt(here, conversation), heardAt(there, conversation)]);
    assertAlike(ours, theirs);
  });
}

test.run();
