/** Streams and consumers that are there again after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type MsgHdrs } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type TestBroker, testBroker } from '../../../bin/testing.ts';
import { definePlugin } from '../../../kernel/plugin-api.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { STORAGE_DRIVER } from '../../../storage-drivers/contract.ts';
import { LevelDriver } from '../../../storage-drivers/level/level-driver.ts';
import { until } from '../../kits/until.ts';
import type { StreamingClient } from './streaming-broker.ts';

function levelPlugin(directory: string): ReturnType<typeof definePlugin> {
  return definePlugin({
    name: 'test-level',
    version: '1.0.0',
    api: [1],
    summary: 'Keeps records in LevelDB',
    provides: [{ name: STORAGE_DRIVER, cardinality: 'named', id: 'file' }],
    async init(ctx) {
      const driver = await LevelDriver.open(ctx.kernel.ports, { directory });
      ctx.provide(STORAGE_DRIVER, driver, { id: 'file' });
      ctx.onDispose(() => driver.close());
    },
  });
}

/** What keeps streams in a directory, by its name. */
const KEEPERS: readonly [name: string, start: (directory: string) => Promise<TestBroker>][] = [
  ['in LevelDB', (directory) => testBroker({}, { plugins: [levelPlugin(directory), plugin] })],
  ['in files', (directory) => testBroker({ jetstream: { store_dir: directory } })],
  ['in encrypted files', (directory) => testBroker({ jetstream: { store_dir: directory, key: 'secret' } })],
];

function increment(by: string): MsgHdrs {
  const made = headers();
  made.append('Nats-Incr', by);
  return made;
}

for (const [name, start] of KEEPERS) {
  const withRestarts = async (plays: readonly ((streaming: StreamingClient) => Promise<void>)[]): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'gnatlet-restart-'));
    try {
      for (const play of plays) {
        await using broker = await start(directory);
        const client = await connect({ servers: broker.url! });
        await play({ client, js: jetstream(client), manager: await jetstreamManager(client) });
        await client.close();
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };

  test(`${name}, messages, their place and what was acknowledged outlive a restart`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a.>'], metadata: { owner: 'me' } });
        await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
        for (let count = 1; count <= 5; count++) await js.publish(`a.${count}`, `m${count}`);
        await manager.streams.deleteMessage('A', 2);
        const consumer = await js.consumers.get('A', 'C');
        assert.is(await (await consumer.next())?.ackAck(), true);
        await (await consumer.next())?.ackAck();
      },
      async ({ js, manager }) => {
        const { state, config } = await manager.streams.info('A', { deleted_details: true });
        assert.is(config.metadata?.owner, 'me');
        assert.is(state.messages, 4);
        assert.is(state.last_seq, 5);
        assert.equal(state.deleted, [2]);
        const consumer = await js.consumers.get('A', 'C');
        const info = await consumer.info();
        assert.is(info.ack_floor.stream_seq, 3);
        assert.is(info.num_pending, 2);
        const message = await consumer.next();
        assert.is(message?.string(), 'm4');
        assert.is(message?.info.streamSequence, 4);
        assert.is((await js.publish('a.6', 'm6')).seq, 6);
      },
    ]));

  test(`${name}, a message that came just before a restart is known as a duplicate after it`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a'] });
        await js.publish('a', 'x', { msgID: 'one' });
      },
      async ({ js }) => {
        assert.is((await js.publish('a', 'x', { msgID: 'one' })).duplicate, true);
      },
    ]));

  test(`${name}, ids of messages are known after restarts, however many came behind them`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a'] });
        await js.publish('a', 'x', { msgID: 'one' });
        for (let count = 0; count < 3; count++) await js.publish('a', 'x');
      },
      async ({ js }) => {
        assert.is((await js.publish('a', 'x', { msgID: 'one' })).duplicate, true);
        assert.is((await js.publish('a', 'x', { msgID: 'two' })).seq, 5);
        assert.is((await js.publish('a', 'x')).seq, 6);
      },
      async ({ js }) => {
        assert.is((await js.publish('a', 'x', { msgID: 'one' })).duplicate, true);
        assert.is((await js.publish('a', 'x', { msgID: 'two' })).duplicate, true);
        assert.is((await js.publish('a', 'x', { msgID: 'three' })).seq, 7);
      },
    ]));

  test(`${name}, a stream that was removed stays removed`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a'] });
        await js.publish('a', 'x');
        await manager.streams.delete('A');
      },
      async ({ manager }) => {
        assert.is((await manager.getAccountInfo()).streams, 0);
      },
    ]));

  test(`${name}, messages that are on disk are fetched for whoever asks`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a.>'], allow_direct: true });
        for (let count = 1; count <= 300; count++) await js.publish(`a.${count % 10}`, `m${count}`);
      },
      async ({ js, manager }) => {
        assert.is((await manager.streams.getMessage('A', { seq: 7 }))?.string(), 'm7');
        assert.is((await manager.direct.getMessage('A', { seq: 8 }))?.string(), 'm8');
        const lasts: string[] = [];
        for await (const message of await manager.direct.getLastMessagesFor('A', { multi_last: ['a.>'] })) {
          lasts.push(message.string());
        }
        assert.is(lasts.length, 10);
        const consumer = await js.consumers.get('A', { filter_subjects: ['a.3'] });
        let count = 0;
        for await (const message of await consumer.consume()) {
          count++;
          if (message.info.pending === 0) break;
        }
        assert.is(count, 30);
      },
    ]));

  test(`${name}, streams find those that they take from`, () =>
    withRestarts([
      async ({ manager }) => {
        await manager.streams.add({ name: 'M', subjects: ['m'] });
        await manager.streams.add({ name: 'A', mirror: { name: 'M' } });
        await manager.streams.add({ name: 'Z', sources: [{ name: 'M' }] });
      },
      async ({ js, manager }) => {
        assert.is((await manager.streams.info('A')).mirror?.error, undefined);
        assert.is((await manager.streams.info('Z')).sources?.[0]?.error, undefined);
        await js.publish('m', 'x');
        for (const taker of ['A', 'Z'])
          await until(async () => (await manager.streams.info(taker)).state.messages === 1);
      },
    ]));

  test(`${name}, what other streams count is added to what is on disk`, () =>
    withRestarts([
      async ({ js, manager }) => {
        await manager.streams.add({ name: 'S', subjects: ['s.*'], allow_msg_counter: true });
        const subject_transforms = [{ src: 's.*', dest: 'sum.$1' }];
        const sources = [{ name: 'S', subject_transforms }];
        await manager.streams.add({ name: 'A', subjects: ['sum.*'], allow_msg_counter: true, sources });
        for (let at = 0; at < 300; at++) await js.publish(`s.${at % 100}`, '', { headers: increment('2') });
        await until(async () => (await manager.streams.info('A')).state.messages === 300);
      },
      async ({ js, manager }) => {
        for (let at = 0; at < 100; at++) await js.publish(`s.${at}`, '', { headers: increment('-1') });
        await until(async () => (await manager.streams.info('A')).state.messages === 400);
        for (let at = 0; at < 100; at++) {
          const last = await manager.streams.getMessage('A', { last_by_subj: `sum.${at}` });
          assert.is(last?.string(), '{"val":"5"}');
        }
      },
    ]));
}

test.run();
