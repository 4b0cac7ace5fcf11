/** By theme, streams and consumers answer as nats-server 2.15.1 was heard to answer, byte for byte. */
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { converse } from './converse.ts';
import { memoryPlugin } from './memory-plugin.ts';
import { oneLine, recorded } from './recordings.ts';
import { arranged, THEMES } from './themes.ts';

for (const conversation of THEMES) {
  test(conversation.name, async () => {
    await using broker = await testBroker({}, { plugins: [memoryPlugin, plugin] });
    const client = await connect({ servers: broker.url! });
    const heard = arranged(await converse(client, conversation), conversation).map(oneLine);
    await client.close();
    const expected = recorded(conversation);
    for (let line = 0; line < Math.max(heard.length, expected.length); line++) {
      const asked = heard.slice(0, line + 1).findLast((text) => text.startsWith('>'));
      assert.is(heard[line], expected[line], asked);
    }
  });
}

test.run();
