/** Others are told of a message when it is as safe as its publisher is told it is, and in the order of the stream. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { FailingDisk } from '../../kits/failing-disk.ts';
import { until } from '../../kits/until.ts';
import { withFiles, withStreams } from './streaming-broker.ts';

/** What came on the subject, and what was answered, as it came. */
function hearing(client: NatsConnection, subject: string): string[] {
  const heard: string[] = [];
  client.subscribe(subject, { callback: (_error, message) => void heard.push(`told ${message.string()}`) });
  client.subscribe('acks', {
    callback: (_error, message) => void heard.push(`answer ${message.json<{ seq: number }>().seq}`),
  });
  return heard;
}

async function settled(client: NatsConnection, heard: readonly string[], count: number): Promise<void> {
  await until(() => heard.length >= count);
  await client.flush();
}

for (const [kind, play] of [
  ['memory', withStreams],
  ['file', withFiles],
] as const) {
  test(`in ${kind}, of each message others hear before its publisher does, and of batches as of all others`, () =>
    play(async ({ client, manager }) => {
      const republish = { src: 's.>', dest: 'told.>' };
      await manager.streams.add({
        name: 'S',
        subjects: ['s.>'],
        storage: kind as never,
        allow_atomic: true,
        republish,
      });
      const heard = hearing(client, 'told.>');
      client.publish('s.1', 'one', { reply: 'acks' });
      for (const [at, body] of ['two', 'three'].entries()) {
        const batch = headers();
        batch.set('Nats-Batch-Id', 'b');
        batch.set('Nats-Batch-Sequence', String(at + 1));
        if (at === 1) batch.set('Nats-Batch-Commit', '1');
        client.publish('s.2', body, { headers: batch, ...(at === 1 ? { reply: 'acks' } : {}) });
      }
      client.publish('s.3', 'four', { reply: 'acks' });
      await settled(client, heard, 7);
      const expected = ['told one', 'answer 1', 'told two', 'told three', 'answer 3', 'told four', 'answer 4'];
      assert.equal(heard, expected);
    }));
}

test('nobody is told of a message that never came to be on disk', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-republish-'));
  const disk = new FailingDisk(systemPorts().disk);
  disk.concerns = (path) => path.includes('journal') && !path.endsWith('tail');
  try {
    await using broker = await testBroker(
      { jetstream: { store_dir: directory } },
      { ports: { disk: disk.disk }, log: { error: () => {}, warn: () => {}, info: () => {} } },
    );
    const client = await connect({ servers: broker.url! });
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: 'S', subjects: ['s'], republish: { src: 's', dest: 'told' } });
    const heard = hearing(client, 'told');
    await client.request('s', 'kept');
    disk.fail(['datasync'], 'EIO');
    const { error } = (await client.request('s', 'lost')).json<{ error: { err_code: number } }>();
    assert.is(error.err_code, 10077);
    disk.heal();
    await client.flush();
    assert.equal(heard, ['told kept']);
    await client.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('streams that tell each other of everything do not keep the broker from anything else', () =>
  withStreams(async ({ client, manager }) => {
    const memory = { storage: 'memory' as never, max_msgs: 10 };
    await manager.streams.add({ name: 'A', subjects: ['a'], republish: { src: 'a', dest: 'b' }, ...memory });
    await manager.streams.add({ name: 'B', subjects: ['b'], republish: { src: 'b', dest: 'a' }, ...memory });
    const { seq } = (await client.request('a', 'round and round')).json<{ seq: number }>();
    assert.is(seq, 1);
    await client.flush();
    const { state } = await manager.streams.info('B');
    assert.ok(state.last_seq > 0);
    await manager.streams.delete('B');
    await client.flush();
    const after = (await manager.streams.info('A')).state.last_seq;
    await client.flush();
    assert.is((await manager.streams.info('A')).state.last_seq, after, 'and end when one of them is gone');
  }));

test('a subject in any script is told as it was published', () =>
  withStreams(async ({ client, manager }) => {
    const republish = { src: 's.>', dest: 'told.>' };
    await manager.streams.add({ name: 'S', subjects: ['s.>'], storage: 'memory' as never, republish });
    const subscription = client.subscribe('told.>', { max: 1 });
    client.publish('s.größe', 'x');
    for await (const message of subscription) {
      assert.is(message.subject, 'told.größe');
      assert.is(message.headers?.get('Nats-Subject'), 's.größe');
    }
  }));

test.run();
