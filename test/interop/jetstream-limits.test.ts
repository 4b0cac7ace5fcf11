/** What little room does to streams, here and with a genuine server; and what their words for sizes are. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMIT_CONVERSATIONS } from '../plugins/jetstream/limit-conversations.ts';
import { record } from '../plugins/jetstream/recordings.ts';
import { skipFile } from '../runner/skip.ts';
import { genuineTargets, gnatletTarget } from '../wire/targets.ts';
import { heardAt } from './heard-at.ts';

const genuine = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (genuine.length === 0) skipFile('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

for (const conversation of LIMIT_CONVERSATIONS) {
  test(`${conversation.name}: answered as a genuine server answers`, async () => {
    const there = await heardAt(genuine[0]!, conversation, conversation.config);
    if (process.env.GNATLET_RECORD === '1') record(conversation, there);
    const here = await heardAt(gnatletTarget(), conversation, conversation.config);
    for (let line = 0; line < Math.max(here.length, there.length); line++) {
      const asked = here.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(here[line], there[line], asked);
    }
  });
}

test.run();
