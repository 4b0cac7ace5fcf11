/** By theme, streams and consumers answer as nats-server 2.15.1 was heard to answer, byte for byte. */
import { test } from 'uvu';
import { assertAlike } from './alike.ts';
import { heardInMemory } from './heard-in-memory.ts';
import { oneLine, recorded } from './recordings.ts';
import { arranged, THEMES } from './themes.ts';

for (const conversation of THEMES) {
  test(conversation.name, async () => {
    const heard = arranged(await heardInMemory(conversation), conversation).map(oneLine);
    assertAlike(heard, recorded(conversation));
  });
}

test.run();
