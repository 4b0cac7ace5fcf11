/** The same conversations with streams and consumers, here and with a genuine server: the same answers, byte for byte. */
import { test } from 'uvu';
import { assertAlike } from '../plugins/jetstream/alike.ts';
import { CONVERSATIONS } from '../plugins/jetstream/conversations.ts';
import { heardInMemory } from '../plugins/jetstream/heard-in-memory.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import { heardAt } from './heard-at.ts';
import { genuineOrSkip } from './side.ts';

const genuine = genuineOrSkip();

for (const conversation of CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const [here, there] = await Promise.all([heardInMemory(conversation), heardAt(genuine, conversation)]);
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    assertAlike(here, there);
  });
}

test.run();
