/** Every call of the official client that is about buckets of values. */
import { jetstreamManager } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm, KvWatchInclude } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { gathered, offered, Telling, watched } from './telling.ts';

const entry = (one: KvEntry | null): unknown => one && [one.key, one.string(), one.operation, one.revision, one.length];
const INTERNAL = [
  'init',
  'initializePrefixes',
  'bucketName',
  'subjectForBucket',
  'subjectForKey',
  'fullKeyName',
  'encodeKey',
  'decodeKey',
  'dataLen',
  'smToEntry',
  'jmToWatchEntry',
  'canSetWatcherName',
  'remove',
  'close',
  'purgeBucket',
];

export async function bucketsSurface(client: NatsConnection, missing: string[]): Promise<string[]> {
  const say = new Telling();
  const buckets = new Kvm(client);
  const made = await buckets.create('B', {
    history: 4,
    ttl: 3_600_000,
    markerTTL: 60_000,
    description: 'told',
    metadata: { a: 'b' },
  });
  const called = new Set<string>();
  const bucket = watched(made, called);
  await values(say, bucket);
  await watching(say, bucket);
  await clearing(say, bucket);
  await say.ask(
    'list',
    gathered(buckets.list(), 9, ({ bucket: name, values: count }) => [name, count]),
  );
  await say.ask('open', buckets.open('B'), () => 'open');
  await elsewhere(say, client, buckets);
  await say.ask('destroy', bucket.destroy());
  missing.push(...offered(made, INTERNAL).filter((name) => !called.has(name)));
  return say.lines;
}

async function values(say: Telling, bucket: KV): Promise<void> {
  await say.ask('put', bucket.put('k', 'v1'));
  await say.ask('create', bucket.create('n.x', 'w1'));
  await say.ask('create again', bucket.create('n.x', 'w2'));
  await say.ask('update', bucket.update('k', 'v2', 1));
  await say.ask('update by an old revision', bucket.update('k', 'v3', 1));
  await say.ask('get', bucket.get('k'), entry);
  await say.ask('get none', bucket.get('none'), entry);
  await say.ask('get a revision', bucket.get('k', { revision: 1 }), entry);
  await say.ask('get a revision of another', bucket.get('k', { revision: 2 }), entry);
  await say.ask('put, last', bucket.put('k', 'v4', { previousSeq: 3 }));
  await say.ask('delete', bucket.delete('k'));
  await say.ask('get what is deleted', bucket.get('k'), entry);
  await say.ask('create what is deleted', bucket.create('k', 'v5'));
  await say.ask('delete by an old revision', bucket.delete('k', { previousSeq: 1 }));
  await say.ask('create for a time', bucket.create('brief', 'x', '1h'));
  const history = async (key?: string): Promise<unknown> =>
    gathered(await bucket.history(key ? { key } : {}), 99, entry);
  await say.ask('history', history());
  await say.ask('history of one', history('k'));
  const keys = async (filter?: string | string[]): Promise<unknown> =>
    (await gathered(await bucket.keys(filter), 99, (key) => key)).sort();
  await say.ask('keys', keys());
  await say.ask('keys that match', keys('n.*'));
  await say.ask('keys that match several', keys(['n.>', 'k']));
  await say.ask('status', bucket.status(), (status) => [
    status.bucket,
    status.values,
    status.history,
    status.ttl,
    status.description,
    status.size,
    status.compression,
    status.storage,
    status.replicas,
    status.markerTTL,
  ]);
}

async function watching(say: Telling, bucket: KV): Promise<void> {
  const several = [
    ['all', {}, 3],
    ['one', { key: 'n.x' }, 1],
    ['some', { key: ['n.>', 'k'] }, 2],
    ['heads', { headers_only: true }, 3],
    ['history', { include: KvWatchInclude.AllHistory }, 6],
    ['from a revision', { resumeFromRevision: 5 }, 2],
    ['no deletes', { ignoreDeletes: true }, 3],
  ] as const;
  for (const [name, options, most] of several) {
    const watch = await bucket.watch({ ...options } as never);
    await say.ask(
      `watch ${name}`,
      gathered(watch, most, (one) => [entry(one), one.isUpdate]),
    );
  }
  const news = await bucket.watch({ include: KvWatchInclude.UpdatesOnly });
  await bucket.put('news', 'x');
  await say.ask('watch what comes', gathered(news, 1, entry));
}

async function clearing(say: Telling, bucket: KV): Promise<void> {
  await say.ask('purge', bucket.purge('k'));
  await say.ask('get what is purged', bucket.get('k'), entry);
  await bucket.delete('n.x');
  const purged = (bucket as unknown as { purgeDeletes(olderThan: number): Promise<{ purged: number }> }).purgeDeletes(
    -1,
  );
  await say.ask('purge what is deleted', purged, (answer) => answer.purged);
  await say.ask('left', gathered(await bucket.history(), 99, entry));
}

/** Buckets that are filled from others, and one that tells others. */
async function elsewhere(say: Telling, client: NatsConnection, buckets: Kvm): Promise<void> {
  const origin = await buckets.create('O');
  await origin.put('k', 'v');
  const mirror = await buckets.create('M', { mirror: { name: 'O' } } as never);
  const gatheredOnes = await buckets.create('S', { sources: [{ name: 'O' }] } as never);
  for (const [name, bucket] of [
    ['mirror', mirror],
    ['sources', gatheredOnes],
  ] as const) {
    await say.ask(
      `get from the ${name}`,
      soon(() => bucket.get('k')),
      entry,
    );
  }
  await say.ask('put through the mirror', mirror.put('l', 'w'));
  await say.ask('it is in the origin', origin.get('l'), entry);
  const told = await buckets.create('T', { republish: { src: '>', dest: 'told.>' } });
  const heard = client.subscribe('told.>', { max: 1 });
  await told.put('k', 'v');
  await say.ask(
    'told',
    gathered(heard, 1, (message) => [message.subject, message.string(), message.headers?.get('Nats-Sequence')]),
  );
  const manager = await jetstreamManager(client);
  await say.ask(
    'streams',
    gathered(manager.streams.list(), 9, ({ config }) => [config.name, config.subjects, config.max_msgs_per_subject]),
  );
  for (const bucket of [mirror, gatheredOnes, origin, told]) await bucket.destroy();
}

/** Mirrors take a moment. */
async function soon<Found>(look: () => Promise<Found | null>): Promise<Found | null> {
  for (let left = 200; left > 0; left--) {
    const found = await look().catch(() => null);
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return null;
}
