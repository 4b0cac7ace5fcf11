/** Buckets, objects and ordered readers, as the official clients offer them. */
import { createHash } from 'node:crypto';
import { StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { withStreams } from './streaming-broker.ts';

const MEBIBYTE = 1024 * 1024;

function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >>> 13)) & 0xff;
  return bytes;
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, at + MEBIBYTE));
      at += MEBIBYTE;
    },
  });
}

test('an object of 64 MiB comes back as it was put', () =>
  withStreams(async ({ js }) => {
    const store = await new Objm(js).create('big', { storage: StorageType.Memory });
    const bytes = bytesOf(64 * MEBIBYTE);
    const info = await store.put({ name: 'o' }, streamOf(bytes));
    assert.is(info.size, bytes.length);
    assert.is(info.chunks, 512);
    const hash = createHash('sha256');
    const found = await store.get('o');
    let size = 0;
    for await (const chunk of found!.data as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      size += chunk.length;
    }
    assert.not.ok(await found!.error);
    assert.is(size, bytes.length);
    assert.is(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
  }));

test('objects are listed, linked, renamed, replaced, deleted, and sealed', () =>
  withStreams(async ({ js }) => {
    const manager = new Objm(js);
    const store = await manager.create('things');
    const other = await manager.create('others');
    await store.putBlob({ name: 'a' }, new TextEncoder().encode('one'));
    await other.putBlob({ name: 'far' }, new TextEncoder().encode('away'));
    await store.link('l', (await store.info('a'))!);
    await store.link('m', (await other.info('far'))!);
    assert.is(new TextDecoder().decode((await store.getBlob('l'))!), 'one');
    assert.is(new TextDecoder().decode((await store.getBlob('m'))!), 'away');
    await store.putBlob({ name: 'a' }, new TextEncoder().encode('two'));
    assert.is(new TextDecoder().decode((await store.getBlob('a'))!), 'two');
    await store.update('a', { name: 'b', description: 'renamed' });
    assert.is(await store.info('a'), null);
    assert.is((await store.info('b'))!.description, 'renamed');
    await store.delete('b');
    assert.is((await store.info('b'))!.deleted, true);
    assert.is(await store.get('b'), null);
    assert.equal((await store.list()).map(({ name }) => name).sort(), ['l', 'm']);
    assert.is((await store.seal()).sealed, true);
    let error = '';
    await store.putBlob({ name: 'z' }, new Uint8Array(1)).catch((problem: Error) => (error = problem.message));
    assert.is.not(error, '');
  }));

test('a bucket keeps history, compares before it sets, and forgets what was purged', () =>
  withStreams(async ({ js }) => {
    const bucket = await new Kvm(js).create('b', { history: 3, markerTTL: 2_000 });
    const first = await bucket.create('k', '1');
    assert.is(
      await bucket.create('k', '2').then(
        () => 'made',
        () => 'refused',
      ),
      'refused',
    );
    const second = await bucket.update('k', '2', first);
    assert.is(
      await bucket.update('k', '3', first).then(
        () => 'set',
        () => 'refused',
      ),
      'refused',
    );
    await bucket.put('k', '3');
    await bucket.put('k', '4');
    const revisions: string[] = [];
    for await (const entry of await bucket.history({ key: 'k' })) revisions.push(entry.string());
    assert.equal(revisions, ['2', '3', '4']);
    assert.is((await bucket.get('k', { revision: second }))!.string(), '2');
    await bucket.delete('k');
    assert.is((await bucket.get('k'))!.operation, 'DEL');
    await bucket.create('k', 'again');
    assert.is((await bucket.get('k'))!.string(), 'again');
    await bucket.purge('k');
    const after: string[] = [];
    for await (const entry of await bucket.history({ key: 'k' })) after.push(entry.operation);
    assert.equal(after, ['PURGE']);
    await bucket.put('x.y', '1');
    await bucket.put('x.z', '2');
    const keys: string[] = [];
    for await (const key of await bucket.keys('x.*')) keys.push(key);
    assert.equal(keys.sort(), ['x.y', 'x.z']);
    assert.is((await bucket.status()).history, 3);
  }));

test('a value that was given a time goes, and whoever watches hears of it', () =>
  withStreams(async ({ js }) => {
    const bucket = await new Kvm(js).create('t', { markerTTL: 5_000 });
    const seen: string[] = [];
    const watch = await bucket.watch();
    void (async () => {
      for await (const entry of watch) seen.push(`${entry.key} ${entry.operation} ${entry.string()}`);
    })();
    await bucket.create('k', 'v', '1s');
    await until(() => seen.length === 2);
    assert.is(seen[0], 'k PUT v');
    assert.match(seen[1]!, /^k (?:DEL|PURGE) $/);
    watch.stop();
  }));

test('an ordered reader goes on after a purge, and after its consumer was deleted', () =>
  withStreams(async ({ js, manager }) => {
    await manager.streams.add({ name: 'S', subjects: ['s.>'], storage: StorageType.Memory });
    for (let at = 1; at <= 10; at++) await js.publish('s.a', `${at}`);
    const consumer = await js.consumers.get('S');
    const seen: number[] = [];
    const messages = await consumer.consume({ max_messages: 3, idle_heartbeat: 500, expires: 1_500 });
    void (async () => {
      for await (const message of messages) seen.push(message.seq);
    })();
    await until(() => seen.length === 10);
    await manager.streams.purge('S');
    await js.publish('s.a', '11');
    await until(() => seen.length === 11);
    for await (const info of manager.consumers.list('S')) await manager.consumers.delete('S', info.name);
    await js.publish('s.a', '12');
    await until(() => seen.length === 12);
    assert.equal(
      seen,
      Array.from({ length: 12 }, (_, at) => at + 1),
    );
    messages.stop();
  }));

test.run();
