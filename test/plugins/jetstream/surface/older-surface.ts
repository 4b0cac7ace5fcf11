/** The older client, `nats` 2.x: what it offers for streams, consumers, buckets and objects. */
import { AckPolicy, type ConsumerOptsBuilder, consumerOpts, createInbox, type JsMsg, type NatsConnection } from 'nats';
import { gathered, Telling } from './telling.ts';

const shown = (message: JsMsg): unknown => [
  message.subject,
  message.seq,
  message.string(),
  message.redelivered,
  message.info.pending,
];

export async function olderSurface(client: NatsConnection): Promise<string[]> {
  const say = new Telling();
  const manager = await client.jetstreamManager();
  await say.ask('add', manager.streams.add({ name: 'A', subjects: ['a.>'], allow_direct: true }));
  const js = client.jetstream();
  for (let count = 1; count <= 8; count++) await js.publish(`a.${count % 2}`, `m${count}`);
  await say.ask('publish', js.publish('a.0', 'x', { msgID: 'i', expect: { lastSequence: 8 } }));
  await say.ask('info', manager.streams.info('A', { subjects_filter: '>' }));
  await say.ask('get', manager.streams.getMessage('A', { seq: 2 }), ({ seq, subject }) => [seq, subject]);
  await consuming(say, client);
  await buckets(say, client);
  await say.ask('purge', manager.streams.purge('A', { filter: 'a.1' }));
  await say.ask('account', manager.getAccountInfo(), ({ streams, consumers }) => [streams, consumers]);
  await say.ask('delete', manager.streams.delete('A'));
  return say.lines;
}

async function consuming(say: Telling, client: NatsConnection): Promise<void> {
  const manager = await client.jetstreamManager();
  const js = client.jetstream();
  await say.ask('add a consumer', manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit }));
  await say.ask('pull', js.pull('A', 'C'), (message) => shown(message));
  await say.ask(
    'fetch',
    gathered(js.fetch('A', 'C', { batch: 2, expires: 2_000 }), 2, (one) => shown(one)),
  );
  const consumer = await js.consumers.get('A', 'C');
  await say.ask('next', consumer.next({ expires: 2_000 }), (message) => message && shown(message));
  await say.ask(
    'consume',
    gathered(await consumer.consume({ max_messages: 2 }), 2, (one) => shown(one)),
  );
  const options = (build: (opts: ConsumerOptsBuilder) => void): ConsumerOptsBuilder => {
    const opts = consumerOpts();
    build(opts);
    return opts;
  };
  const pushed = await js.subscribe(
    'a.>',
    options((opts) => opts.deliverTo(createInbox()).ackNone().deliverAll() as never),
  );
  await say.ask(
    'subscribe',
    gathered(pushed, 9, (one) => shown(one)),
  );
  const inOrder = await js.subscribe(
    'a.0',
    options((opts) => opts.orderedConsumer() as never),
  );
  await say.ask(
    'subscribe in order',
    gathered(inOrder, 5, (one) => shown(one)),
  );
  const pulled = await js.pullSubscribe(
    'a.1',
    options((opts) => opts.durable('D').ackExplicit() as never),
  );
  pulled.pull({ batch: 2 });
  await say.ask(
    'pull subscribe',
    gathered(pulled, 2, (one) => shown(one)),
  );
  const names = await gathered(manager.consumers.list('A'), 9, ({ name }) => name);
  say.tell('how many', names.length);
}

async function buckets(say: Telling, client: NatsConnection): Promise<void> {
  const js = client.jetstream();
  const bucket = await js.views.kv('B', { history: 3 });
  await say.ask('put', bucket.put('k', 'v1'));
  await say.ask('create', bucket.create('k', 'v2'));
  await say.ask('update', bucket.update('k', 'v3', 1));
  await say.ask('get', bucket.get('k'), (one) => one && [one.key, one.string(), one.revision]);
  await say.ask(
    'history',
    gathered(await bucket.history({ key: 'k' }), 9, (one) => [one.key, one.string(), one.operation]),
  );
  await say.ask(
    'keys',
    gathered(await bucket.keys(), 9, (key) => key),
  );
  await say.ask(
    'watch',
    gathered(await bucket.watch(), 1, (one) => [one.key, one.string()]),
  );
  await say.ask('delete', bucket.delete('k'));
  await say.ask('purge', bucket.purge('k'));
  await say.ask('status', bucket.status(), ({ values, history }) => [values, history]);
  await say.ask('destroy', bucket.destroy());
  const store = await js.views.os('O');
  await say.ask('put an object', store.putBlob({ name: 'o' }, new Uint8Array(300_000)), ({ size, chunks, digest }) => [
    size,
    chunks,
    digest,
  ]);
  await say.ask('get an object', store.getBlob('o'), (found) => found?.length);
  await say.ask('list', store.list(), (all) => all.map(({ name }) => name));
  await say.ask('seal', store.seal(), ({ sealed }) => sealed);
  await say.ask('destroy the store', store.destroy());
}
