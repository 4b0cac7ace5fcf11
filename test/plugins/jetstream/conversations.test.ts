/** Streams and consumers answer as nats-server 2.15.1 was heard to answer, byte for byte. */
import { test } from 'uvu';
import { assertAlike } from './alike.ts';
import { CONVERSATIONS } from './conversations.ts';
import { heardInMemory } from './heard-in-memory.ts';
import { oneLine, recorded } from './recordings.ts';

for (const conversation of CONVERSATIONS) {
  test(conversation.name, async () => {
    const heard = (await heardInMemory(conversation)).map(oneLine);
    assertAlike(heard, recorded(conversation));
  });
}

test.run();
