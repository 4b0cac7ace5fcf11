/** Nobody waits for what a purge took, be it all that a consumer reads or a part of it, now or before its filters were changed. */
import { AckPolicy, StorageType } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withStreams } from './streaming-broker.ts';

for (const [what, filters, changed, purge] of [
  ['of a part of what it reads', ['s.*'], ['s.*'], { filter: 's.1' }],
  ['of a part of everything', [], [], { filter: 's.1' }],
  ['of a subject that it reads no more', ['s.1', 's.2'], ['s.2'], { filter: 's.1' }],
  ['by a roll-up', ['s.*'], ['s.*'], null],
] as const) {
  test(`after a purge ${what}, a consumer waits for what is left`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'S', subjects: ['s.*'], storage: StorageType.Memory, allow_rollup_hdrs: true });
      for (const token of [2, 1, 2, 1, 1, 2]) await js.publish(`s.${token}`);
      const config = { durable_name: 'C', ack_policy: AckPolicy.Explicit, max_ack_pending: 6 };
      await manager.consumers.add('S', { ...config, filter_subjects: [...filters] });
      const consumer = await js.consumers.get('S', 'C');
      for (let count = 1; count <= 6; count++) {
        const message = (await consumer.next())!;
        if (count === 1) assert.ok(await message.ackAck());
      }
      await manager.consumers.update('S', 'C', { filter_subjects: [...changed] });
      if (purge !== null) await manager.streams.purge('S', purge);
      else {
        const said = headers();
        said.set('Nats-Rollup', 'sub');
        await js.publish('s.1', '', { headers: said });
      }
      assert.is((await manager.consumers.info('S', 'C')).num_ack_pending, 2);
    }));
}

test.run();
