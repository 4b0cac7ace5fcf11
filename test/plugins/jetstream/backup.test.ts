/** Streams that are sent away, and taken back in. */
import { AckPolicy, StorageType } from '@nats-io/jetstream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backUp, restore } from './backup.ts';
import { withStreams } from './streaming-broker.ts';

const memory = { storage: StorageType.Memory };

test('S-40: a stream comes back as it was: messages, places, what was deleted, and its consumers', () =>
  withStreams(async ({ client, js, manager }) => {
    await manager.streams.add({ name: 'A', subjects: ['a.>'], ...memory });
    for (let count = 1; count <= 50; count++)
      await js.publish(`a.${count}`, `${Math.sqrt(count)}`.repeat(9), { msgID: `i${count}` });
    await manager.streams.deleteMessage('A', 7);
    await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
    const consumer = await js.consumers.get('A', 'C');
    await (await consumer.next())?.ackAck();
    await consumer.next();
    const before = await manager.streams.info('A', { deleted_details: true });
    const backup = await backUp(client, 'A');
    assert.is(backup.status, '204');
    assert.ok(backup.chunks.slice(0, -1).every(({ length }) => length === 1024));
    await manager.streams.delete('A');
    assert.match(
      await restore(client, 'A', backup),
      '"type":"io.nats.jetstream.api.v1.stream_create_response","config":',
    );
    const after = await manager.streams.info('A', { deleted_details: true });
    assert.equal(after.state, before.state);
    assert.is((await manager.streams.getMessage('A', { seq: 30 }))?.string(), `${Math.sqrt(30)}`.repeat(9));
    const info = await manager.consumers.info('A', 'C');
    assert.equal([info.ack_floor.stream_seq, info.num_ack_pending, info.num_pending], [1, 1, 47]);
    assert.is((await js.publish('a.9', 'x', { msgID: 'i9' })).duplicate, true);
    assert.is((await js.publish('a.new', 'x')).seq, 51);
  }));

test('a stream with nothing in it comes back as well', () =>
  withStreams(async ({ client, manager }) => {
    await manager.streams.add({ name: 'A', subjects: ['a'], first_seq: 10, ...memory });
    const backup = await backUp(client, 'A');
    assert.is(backup.status, '');
    await manager.streams.delete('A');
    await restore(client, 'A', backup);
    const { state } = await manager.streams.info('A');
    assert.equal([state.messages, state.first_seq, state.last_seq], [0, 10, 9]);
  }));

test('S-41: what is cut short or damaged is refused, and leaves nothing', () =>
  withStreams(async ({ client, js, manager }) => {
    await manager.streams.add({ name: 'A', subjects: ['a'], ...memory });
    for (let count = 0; count < 100; count++) await js.publish('a', String(Math.tan(count)));
    const backup = await backUp(client, 'A');
    assert.match(await restore(client, 'A', backup), 'stream name already in use, cannot restore');
    await manager.streams.delete('A');
    const cut = { ...backup, chunks: backup.chunks.slice(0, 1) };
    assert.match(
      await restore(client, 'A', cut),
      '"err_code":10062,"description":"restore failed: backup was truncated"',
    );
    const damaged = backup.chunks.map((chunk, at) =>
      at === 0 ? chunk.map((byte, place) => (place === 500 ? byte ^ 255 : byte)) : chunk,
    );
    assert.match(await restore(client, 'A', { ...backup, chunks: damaged }), '"err_code":10062');
    assert.is((await manager.getAccountInfo()).streams, 0);
    await restore(client, 'A', backup);
    assert.is((await manager.streams.info('A')).state.messages, 100);
  }));

test.run();
