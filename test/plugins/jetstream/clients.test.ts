/** What the official clients see of streams, consumers, buckets and objects. */
import { AckPolicy, DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { withFiles, withStreams as withMemory } from './streaming-broker.ts';

async function refused(promise: Promise<unknown>, why: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.match((error as Error).message, why);
    return;
  }
  assert.unreachable('it was not refused');
}

const KEEPERS = [
  ['in memory', withMemory, { storage: StorageType.Memory }],
  ['in files', withFiles, { storage: StorageType.File }],
] as const;

for (const [name, withStreams, kept] of KEEPERS) {
  test(`${name}: what is published can be read back, whole and in order`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a.>'], allow_direct: true, ...kept });
      for (let count = 1; count <= 10; count++) {
        assert.is((await js.publish(`a.${count % 3}`, `m${count}`)).seq, count);
      }
      assert.is((await manager.streams.getMessage('A', { seq: 3 }))?.string(), 'm3');
      assert.is((await manager.direct.getMessage('A', { last_by_subj: 'a.1' }))?.string(), 'm10');
      const several: number[] = [];
      for await (const message of await manager.direct.getBatch('A', { seq: 1, batch: 4 })) several.push(message.seq);
      assert.equal(several, [1, 2, 3, 4]);
      const consumer = await js.consumers.get('A');
      const read: string[] = [];
      for await (const message of await consumer.consume()) {
        read.push(message.string());
        if (message.info.pending === 0) break;
      }
      assert.equal(read, ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10']);
    }));

  test(`${name}: a message with the id of an earlier one is not stored again`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
      await js.publish('a', 'x', { msgID: 'one' });
      const again = await js.publish('a', 'x', { msgID: 'one' });
      assert.is(again.duplicate, true);
      assert.is(again.seq, 1);
      assert.is((await manager.streams.info('A')).state.messages, 1);
    }));

  test(`${name}: messages are handed out once, and again when they are not acknowledged`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
      await manager.consumers.add('A', {
        durable_name: 'C',
        ack_policy: AckPolicy.Explicit,
        ack_wait: 200_000_000,
        max_deliver: 3,
      });
      await js.publish('a', 'x');
      const consumer = await js.consumers.get('A', 'C');
      const counts: number[] = [];
      for (let round = 0; round < 3; round++) {
        const message = await consumer.next({ expires: 2_000 });
        counts.push(message?.info.deliveryCount ?? 0);
        if (round === 0) message?.nak();
      }
      assert.equal(counts, [1, 2, 3]);
      assert.is(await consumer.next({ expires: 1_000 }), null);
    }));

  test(`${name}: an acknowledgement is confirmed when it is asked for`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'W', subjects: ['w'], retention: RetentionPolicy.Workqueue, ...kept });
      await manager.consumers.add('W', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
      await js.publish('w', 'x');
      const message = await (await js.consumers.get('W', 'C')).next();
      assert.is(await message?.ackAck(), true);
      assert.is((await manager.streams.info('W')).state.messages, 0);
    }));

  test(`${name}: a push consumer sends at once what comes`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
      await js.publish('a', '1');
      await manager.consumers.add('A', {
        name: 'P',
        deliver_subject: 'pushed.here',
        ack_policy: AckPolicy.None,
        flow_control: true,
        idle_heartbeat: 500_000_000,
      });
      const consumer = await js.consumers.getPushConsumer('A', 'P');
      const read: string[] = [];
      for await (const message of await consumer.consume()) {
        read.push(message.string());
        if (read.length === 1) await js.publish('a', '2');
        else break;
      }
      assert.equal(read, ['1', '2']);
    }));

  test(`${name}: a slow receiver of many bytes gets all of them by flow control`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
      const body = new Uint8Array(200_000);
      for (let count = 0; count < 40; count++) await js.publish('a', body);
      await manager.consumers.add('A', {
        name: 'P',
        deliver_subject: 'pushed.here',
        ack_policy: AckPolicy.None,
        flow_control: true,
        idle_heartbeat: 1_000_000_000,
      });
      const consumer = await js.consumers.getPushConsumer('A', 'P');
      let count = 0;
      for await (const message of await consumer.consume()) {
        count++;
        if (message.info.pending === 0) break;
      }
      assert.is(count, 40);
    }));

  test(`${name}: who publishes to no stream is told so`, () =>
    withStreams(async ({ js }) => {
      try {
        await js.publish('nowhere', 'x', { retries: 0 });
        assert.unreachable('it was acknowledged');
      } catch (error) {
        assert.match((error as Error).message, /not enabled|no responders/i);
      }
    }));

  test(`${name}: messages go when they are too old, and the stream remembers its place`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a'], max_age: 300_000_000, ...kept });
      await js.publish('a', 'x');
      await until(async () => (await manager.streams.info('A')).state.messages === 0);
      const { state } = await manager.streams.info('A');
      assert.is(state.first_seq, 2);
      assert.is(state.last_seq, 1);
    }));

  test(`${name}: a bucket keeps values, their history and what was deleted`, () =>
    withStreams(async ({ client }) => {
      const bucket = await new Kvm(client).create('B', { history: 5, ...kept });
      await bucket.put('k', 'v1');
      const revision = await bucket.put('k', 'v2');
      assert.is((await bucket.get('k'))?.string(), 'v2');
      await bucket.create('n', '1');
      await refused(bucket.create('n', '2'), /wrong last sequence/);
      await bucket.update('k', 'v3', revision);
      await refused(bucket.update('k', 'v4', revision), /wrong last sequence/);
      const history: string[] = [];
      for await (const entry of await bucket.history({ key: 'k' })) history.push(entry.string());
      assert.equal(history, ['v1', 'v2', 'v3']);
      const keys: string[] = [];
      for await (const key of await bucket.keys()) keys.push(key);
      assert.equal(keys.sort(), ['k', 'n']);
      await bucket.delete('k');
      await bucket.purge('n');
      assert.is((await bucket.get('k'))?.operation, 'DEL');
      await bucket.create('k', 'again');
      assert.is((await bucket.get('k'))?.string(), 'again');
    }));

  test(`${name}: whoever watches a bucket sees what is there, and what comes`, () =>
    withStreams(async ({ client }) => {
      const bucket = await new Kvm(client).create('B', kept);
      await bucket.put('a', '1');
      await bucket.put('b', '2');
      const seen: string[] = [];
      for await (const entry of await bucket.watch()) {
        seen.push(`${entry.key}=${entry.string()}`);
        if (seen.length === 2) await bucket.put('c', '3');
        if (seen.length === 3) break;
      }
      assert.equal(seen, ['a=1', 'b=2', 'c=3']);
    }));

  test(`${name}: a full bucket takes new values of its keys, and no new keys`, () =>
    withStreams(async ({ manager, js }) => {
      const limits = { max_msgs: 2, max_msgs_per_subject: 1, discard: DiscardPolicy.New };
      await manager.streams.add({ name: 'A', subjects: ['a.>'], ...limits, ...kept });
      await js.publish('a.1');
      await js.publish('a.2');
      await js.publish('a.1');
      await refused(js.publish('a.3'), /maximum messages exceeded/);
    }));

  test(`${name}: an object of many chunks comes back byte for byte`, () =>
    withStreams(async ({ client }) => {
      const store = await new Objm(client).create('O', kept);
      const data = new Uint8Array(700_000).map((_, at) => at * 7);
      await store.putBlob({ name: 'file' }, data);
      const read = await store.getBlob('file');
      assert.is(read?.length, data.length);
      assert.ok(read?.every((byte, at) => byte === data[at]));
      assert.is((await store.list()).length, 1);
      await store.delete('file');
      assert.is(await store.getBlob('file'), null);
    }));

  test(`${name}: an account without streams says so, and accounts do not see each other`, () =>
    withStreams(
      async ({ manager, js }) => {
        await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
        await js.publish('a', 'x');
        const info = await manager.getAccountInfo();
        assert.is(info.streams, 1);
        assert.is(info.limits.max_streams, 1);
        await refused(manager.streams.add({ name: 'B', ...kept }), /maximum number of streams reached/);
      },
      {
        accounts: { ONE: { jetstream: { max_streams: 1 }, users: [{ user: 'u', password: 'p' }] }, TWO: {} },
        no_auth_user: 'u',
      },
    ));

  test(`${name}: a domain is another way to streams`, () =>
    withStreams(
      async ({ client, manager }) => {
        await manager.streams.add({ name: 'A', subjects: ['a'], ...kept });
        const answer = await client.request('$JS.hub.API.STREAM.INFO.A');
        assert.match(answer.string(), '"domain":"hub"');
        assert.is((await client.request('a', 'x')).string(), '{"stream":"A","domain":"hub","seq":1}');
      },
      { jetstream: { domain: 'hub' } },
    ));

  test(`${name}: a mirror holds what its origin holds, under the same sequences`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'O', subjects: ['o.>'], ...kept });
      for (let count = 1; count <= 5; count++) await js.publish(`o.${count}`, `m${count}`);
      await manager.streams.deleteMessage('O', 2);
      await manager.streams.add({ name: 'M', mirror: { name: 'O' }, ...kept });
      await until(async () => (await manager.streams.info('M')).state.messages === 4);
      await js.publish('o.6', 'm6');
      await until(async () => (await manager.streams.info('M')).state.last_seq === 6);
      const info = await manager.streams.info('M', { deleted_details: true });
      assert.equal(info.state.deleted, [2]);
      assert.is(info.mirror?.name, 'O');
      assert.is(info.mirror?.lag, 0);
      const [there, here] = [
        await manager.streams.getMessage('O', { seq: 6 }),
        await manager.streams.getMessage('M', { seq: 6 }),
      ];
      assert.is(here?.string(), 'm6');
      assert.equal(here?.time, there?.time);
      assert.is((await manager.streams.info('O')).state.consumer_count, 0);
    }));

  test(`${name}: a mirror takes only what its filter says, under other subjects`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'O', subjects: ['o.>'], ...kept });
      await manager.streams.add({
        name: 'M',
        mirror: { name: 'O', subject_transforms: [{ src: 'o.a.*', dest: 'm.$1' }] },
        ...kept,
      } as never);
      await js.publish('o.b.1', 'no');
      await js.publish('o.a.1', 'yes');
      await until(async () => (await manager.streams.info('M')).state.messages === 1);
      const message = await manager.streams.getMessage('M', { seq: 2 });
      assert.is(message?.subject, 'm.1');
    }));

  test(`${name}: a stream gathers what several others hold, each message once`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'A', subjects: ['a.>'], ...kept });
      await manager.streams.add({ name: 'B', subjects: ['b.>'], ...kept });
      await js.publish('a.1', 'a1');
      await manager.streams.add({
        name: 'S',
        subjects: ['s.>'],
        sources: [{ name: 'A' }, { name: 'B', filter_subject: 'b.yes' }],
        ...kept,
      });
      await js.publish('b.yes', 'b1');
      await js.publish('b.no', 'b2');
      await js.publish('s.own', 's1');
      await until(async () => (await manager.streams.info('S')).state.messages === 3);
      const consumer = await js.consumers.get('S');
      const seen: string[] = [];
      for await (const message of await consumer.consume()) {
        const origin = (message.headers?.get('Nats-Stream-Source') ?? '').split(' ').slice(0, 5).join(' ');
        seen.push(`${message.subject} ${message.string()} ${origin}`);
        if (message.info.pending === 0) break;
      }
      assert.equal(seen.sort(), ['a.1 a1 A 1 > > a.1', 'b.yes b1 B 1 b.yes > b.yes', 's.own s1 ']);
    }));

  test(`${name}: a work queue gives its messages away only once they are stored where they go`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'W', subjects: ['w'], retention: RetentionPolicy.Workqueue, ...kept });
      for (let count = 0; count < 5; count++) await js.publish('w', String(count));
      await manager.streams.add({ name: 'S', sources: [{ name: 'W' }], ...kept });
      await until(async () => (await manager.streams.info('S')).state.messages === 5);
      await until(async () => (await manager.streams.info('W')).state.messages === 0);
      const [consumer] = await manager.consumers.list('W').next();
      assert.is(consumer?.config.ack_policy, 'flow_control');
    }));

  test(`${name}: a mirror whose origin is not there says why, and goes on when it comes`, () =>
    withStreams(async ({ js, manager }) => {
      await manager.streams.add({ name: 'M', mirror: { name: 'LATER' }, ...kept });
      await until(async () => (await manager.streams.info('M')).mirror?.error?.err_code === 10059);
      await manager.streams.add({ name: 'LATER', subjects: ['later'], ...kept });
      await js.publish('later', 'x');
      await until(async () => (await manager.streams.info('M')).state.messages === 1);
    }));
}

test.run();
