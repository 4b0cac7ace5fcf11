/** Ids of messages are forgotten when their window is over, whatever else the stream waits for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ClockedClient, clocked } from './clocked-streams.ts';

const HEADER = 'NATS/1.0\r\nNats-Msg-Id: a\r\n\r\n';

async function published(client: ClockedClient): Promise<string> {
  await client.send(`HPUB s.1 in ${HEADER.length} ${HEADER.length}\r\n${HEADER}\r\n`);
  return client.heard();
}

for (const [what, settings] of [
  ['keeps its messages for good', {}],
  ['keeps its messages for longer than that', { max_age: 60e9 }],
] as const) {
  test(`an id that comes when no other is known is forgotten in time, in a stream that ${what}`, () =>
    clocked(async (streams) => {
      await streams.stream({ duplicate_window: 5e9, ...settings });
      const client = await streams.client('in');
      await streams.store('s.0', 'x');
      await streams.advance(1000);
      assert.match(await published(client), '"seq":2}');
      assert.match(await published(client), /"duplicate": ?true/);
      await streams.advance(6000);
      assert.match(await published(client), '"seq":3}');
    }));
}

test.run();
