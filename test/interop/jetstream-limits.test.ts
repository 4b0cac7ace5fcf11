/** What little room does to streams, here and with a genuine server; and what their words for sizes are. */
import { test } from 'uvu';
import { assertAlike } from '../plugins/jetstream/alike.ts';
import { LIMIT_CONVERSATIONS } from '../plugins/jetstream/limit-conversations.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import { gnatletTarget } from '../wire/targets.ts';
import { heardAt } from './heard-at.ts';
import { genuineOrSkip } from './side.ts';

const genuine = genuineOrSkip();

for (const conversation of LIMIT_CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const there = await heardAt(genuine, conversation, conversation.config);
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    assertAlike(await heardAt(gnatletTarget(), conversation, conversation.config), there);
  });
}

test.run();
