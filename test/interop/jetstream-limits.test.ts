/** What little room does to streams, here and with a genuine server; and what their words for sizes are. */
import { test } from 'uvu';
import { assertAlike } from '../plugins/jetstream/alike.ts';
import { accountsWith, LIMIT_CONVERSATIONS } from '../plugins/jetstream/limit-conversations.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import { gnatletTarget } from '../wire/targets.ts';
import { heardAt } from './heard-at.ts';
import { genuineOrSkip } from './side.ts';

const genuine = genuineOrSkip();

for (const conversation of LIMIT_CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const { config, account } = conversation;
    const more = Object.entries(accountsWith(account)).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
    const there = await heardAt(genuine, conversation, config, more.join(''));
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    assertAlike(await heardAt(gnatletTarget(), conversation, config, more.join('')), there);
  });
}

test.run();
