/** Every call of the official client that is about stores of objects. */
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { gathered, offered, Telling, watched } from './telling.ts';

const info = (one: ObjectInfo | null): unknown =>
  one && [
    one.name,
    one.bucket,
    one.size,
    one.chunks,
    one.digest,
    one.deleted,
    one.description,
    one.options?.link,
    one.metadata,
  ];
const bytes = (size: number): Uint8Array => new Uint8Array(size).map((_, at) => at * 7);

export async function objectsSurface(client: NatsConnection, missing: string[]): Promise<string[]> {
  const say = new Telling();
  const stores = new Objm(client);
  const made = await stores.create('O', { description: 'told', ttl: 0, metadata: { a: 'b' } } as never);
  const other = await stores.create('P');
  const called = new Set<string>();
  const store = watched(made, called);
  await objects(say, store);
  await links(say, store, other);
  await watching(say, store);
  await say.ask('status', store.status(), (status) => [
    status.bucket,
    status.description,
    status.sealed,
    status.storage,
    status.replicas,
    status.compression,
  ]);
  await say.ask('delete', store.delete('a'));
  await say.ask('info of what is deleted', store.info('a'), info);
  await say.ask('seal', store.seal(), ({ sealed }) => sealed);
  await say.ask('put into what is sealed', store.putBlob({ name: 'z' }, bytes(10)), info);
  await say.ask('open', stores.open('O'), () => 'open');
  await say.ask(
    'list of stores',
    gathered(stores.list(), 9, ({ bucket }) => bucket),
  );
  await say.ask('destroy', store.destroy());
  await other.destroy();
  missing.push(...offered(made, ['init', 'rawInfo']).filter((name) => !called.has(name)));
  return say.lines;
}

async function objects(say: Telling, store: ObjectStore): Promise<void> {
  await say.ask('put a blob', store.putBlob({ name: 'a', description: 'first' }, bytes(1_000)), info);
  const two = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes(200_000));
      controller.enqueue(bytes(100_000));
      controller.close();
    },
  });
  const options = { options: { max_chunk_size: 64 * 1024 }, metadata: { k: 'v' } };
  await say.ask('put a stream', store.put({ name: 'b', ...options }, two), info);
  await say.ask('put nothing', store.putBlob({ name: 'empty' }, null), info);
  await say.ask('get a blob', store.getBlob('a'), (found) => found?.length);
  await say.ask('get none', store.getBlob('none'), (found) => found?.length);
  const read = async (): Promise<unknown> => {
    const found = (await store.get('b'))!;
    let size = 0;
    for await (const chunk of found.data as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
    return [size, await found.error, info(found.info)];
  };
  await say.ask('get a stream', read());
  await say.ask('info', store.info('b'), info);
  await say.ask('update', store.update('b', { name: 'c', description: 'other' }));
  await say.ask('its new name', store.info('c'), info);
  await say.ask('its old name', store.info('b'), info);
  await say.ask('a name that is taken', store.update('c', { name: 'a' }), () => 'done');
  await say.ask('put over it', store.putBlob({ name: 'a' }, bytes(20)), info);
}

async function links(say: Telling, store: ObjectStore, other: ObjectStore): Promise<void> {
  await other.putBlob({ name: 'far' }, bytes(30));
  await say.ask('link', store.link('l', (await store.info('a'))!), info);
  await say.ask('link elsewhere', store.link('m', (await other.info('far'))!), info);
  await say.ask('link to a store', store.linkStore('whole', other), info);
  await say.ask('link to a link', store.link('n', (await store.info('l'))!), info);
  await say.ask('through a link', store.getBlob('l'), (found) => found?.length);
  await say.ask('through a link elsewhere', store.getBlob('m'), (found) => found?.length);
  await say.ask('through a link to a store', store.getBlob('whole'), (found) => found?.length);
  await say.ask('list', store.list(), (all) => all.map(info));
}

async function watching(say: Telling, store: ObjectStore): Promise<void> {
  await say.ask('watch', gathered(await store.watch({ includeHistory: true }), 3, info));
  const news = await store.watch({ ignoreDeletes: true });
  await store.putBlob({ name: 'news' }, bytes(5));
  const seen: unknown[] = [];
  for await (const one of news) {
    seen.push(info(one));
    if (one?.name === 'news') break;
  }
  say.tell('watched', seen);
}
