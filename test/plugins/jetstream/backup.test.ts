/** Streams that are sent away, and taken back in. */
import { AckPolicy, type JetStreamManager, StorageType } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
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

/** A stream of each kind, and what its messages say. */
const KINDS: Readonly<Record<string, readonly [config: object, headers: Readonly<Record<string, string>>]>> = {
  plain: [{}, {}],
  'discarding what is new': [
    { discard: 'new', max_msgs: 90, max_msgs_per_subject: 30, discard_new_per_subject: true },
    {},
  ],
  counting: [{ allow_msg_counter: true }, { 'Nats-Incr': '2' }],
  scheduling: [
    { allow_msg_schedules: true },
    { 'Nats-Schedule': '@at 2099-01-01T00:00:00Z', 'Nats-Schedule-Target': 'a.later' },
  ],
  'of messages that end': [{ allow_msg_ttl: true, subject_delete_marker_ttl: 5e9 }, { 'Nats-TTL': '1h' }],
  'of batches': [{ allow_atomic: true, allow_batched: true }, {}],
  'with ids': [{ duplicate_window: 60e9 }, { 'Nats-Msg-Id': 'one' }],
  'that keeps what somebody waits for': [{ retention: 'interest' }, {}],
  'that is a queue of work': [{ retention: 'workqueue' }, {}],
  'that may not be deleted from': [{ deny_delete: true, deny_purge: true }, {}],
  'that is compressed': [{ compression: 's2' }, {}],
  'that tells of its messages': [{ republish: { src: 'a.>', dest: 'told.>' } }, {}],
  'that changes subjects': [{ subject_transform: { src: 'a.*', dest: 'a.b.{{wildcard(1)}}' } }, {}],
  'that begins late': [{ first_seq: 100 }, {}],
  'with limits for its consumers': [{ consumer_limits: { max_ack_pending: 100, inactive_threshold: 60e9 } }, {}],
  'that is described': [{ description: 'd', metadata: { own: 'x' }, allow_direct: true, allow_rollup_hdrs: true }, {}],
};

/** All that is told of it but when. */
async function toldOf(manager: JetStreamManager): Promise<unknown> {
  const { config, state } = await manager.streams.info('A', { deleted_details: true, subjects_filter: '>' });
  const messages: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage('A', { seq });
    if (message !== null) messages.push(`${seq} ${message.time.toISOString()} ${message.subject} ${message.string()}`);
  }
  const consumers: unknown[] = [];
  for await (const { delivered, ack_floor, ...info } of manager.consumers.list('A')) {
    const { config, num_ack_pending, num_pending, num_redelivered } = info;
    const places = [delivered.consumer_seq, delivered.stream_seq, ack_floor.consumer_seq, ack_floor.stream_seq];
    consumers.push({ config, num_ack_pending, num_pending, num_redelivered, places });
  }
  return { config, state, messages, consumers };
}

for (const [kind, [config, fields]] of Object.entries(KINDS)) {
  for (const isSealed of [false, true]) {
    test(`a stream ${kind}${isSealed ? ', sealed,' : ''} comes back as it was`, () =>
      withStreams(async ({ client, js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a.>'], ...config } as never);
        await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
        for (let at = 0; at < 8; at++) {
          const said = headers();
          for (const [name, value] of Object.entries(fields)) said.set(name, value);
          await js.publish(`a.${at % 3}`, 'Nats-Incr' in fields ? '' : `${at}`, { headers: said });
        }
        const consumer = await js.consumers.get('A', 'C');
        for (const act of ['ack', 'nak', 'wait']) {
          const message = await consumer.next({ expires: 1000 });
          if (act === 'ack') await message?.ackAck();
          else if (act === 'nak') message?.nak(60_000);
        }
        if (isSealed) await manager.streams.update('A', { sealed: true } as never);
        const before = await toldOf(manager);
        const backup = await backUp(client, 'A');
        await manager.streams.delete('A');
        assert.match(await restore(client, 'A', backup), 'stream_create_response","config":');
        assert.equal(await toldOf(manager), before);
      }));
  }
}

for (const [kind, config] of [
  ['a mirror', { mirror: { name: 'O' } }],
  ['a mirror of some', { mirror: { name: 'O', filter_subject: 'o.1' } }],
  ['a stream with sources', { subjects: ['a.>'], sources: [{ name: 'O', filter_subject: 'o.1' }] }],
] as const) {
  test(`${kind} comes back as it was, and goes on where it stood`, () =>
    withStreams(async ({ client, js, manager }) => {
      await manager.streams.add({ name: 'O', subjects: ['o.>'] });
      for (let at = 0; at < 9; at++) await js.publish(`o.${at % 3}`, String(at));
      await manager.streams.add({ name: 'A', ...config } as never);
      const wanted = 'filter_subject' in (config.mirror ?? config.sources![0]!) ? 3 : 9;
      await until(async () => (await manager.streams.info('A')).state.messages === wanted);
      const before = await toldOf(manager);
      const backup = await backUp(client, 'A');
      await manager.streams.delete('A');
      await restore(client, 'A', backup);
      assert.equal(await toldOf(manager), before);
      await js.publish('o.1', 'later');
      await until(async () => (await manager.streams.info('A')).state.messages > wanted);
      assert.is((await manager.streams.info('A')).state.messages, wanted + 1);
    }));
}

test.run();
