/** What accounts and streams may have, and what those are told who have nothing. */
import { connect, headers, type Msg } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { until } from '../../kits/until.ts';
import { memoryPlugin } from './memory-plugin.ts';
import { withFiles, withStreams } from './streaming-broker.ts';

interface Told {
  readonly error?: { readonly err_code: number };
  readonly type: string;
}

type Ask = (endpoint: string, body?: object) => Promise<Told>;
interface Asker {
  request(subject: string, body?: string): Promise<{ json<Value>(): Value }>;
}

const asking = (client: Asker): Ask => {
  return async (endpoint, body = {}) =>
    (await client.request(`$JS.API.${endpoint}`, JSON.stringify(body))).json<Told>();
};

const made = (told: Told): boolean => told.error === undefined;
const stream = (ask: Ask, name: string, more: object = {}): Promise<Told> =>
  ask(`STREAM.CREATE.${name}`, { name, subjects: [`${name.toLowerCase()}.>`], storage: 'memory', ...more });
const consumer = (ask: Ask, of: string, name: string, more: object = {}): Promise<Told> =>
  ask(`CONSUMER.CREATE.${of}.${name}`, { stream_name: of, config: { durable_name: name, ...more } });

test('a stream has so many consumers as the server says, unless it says so itself', () =>
  withStreams(
    async ({ client }) => {
      const ask = asking(client);
      await stream(ask, 'S');
      assert.ok(made(await consumer(ask, 'S', 'A')));
      assert.ok(made(await consumer(ask, 'S', 'B')));
      assert.is((await consumer(ask, 'S', 'C')).error?.err_code, 10026);
      await stream(ask, 'T', { max_consumers: 3 });
      for (const name of ['A', 'B', 'C']) assert.ok(made(await consumer(ask, 'T', name)));
      assert.is((await consumer(ask, 'T', 'D')).error?.err_code, 10026);
    },
    { jetstream: { limits: { default_max_consumers: 2 } } },
  ));

test('what all streams may have together is not gone beyond by more than one message', () =>
  withStreams(
    async ({ client }) => {
      const ask = asking(client);
      await stream(ask, 'S', { allow_atomic: true });
      const body = 'x'.repeat(981);
      const publish = async (): Promise<number | undefined> =>
        (await client.request('s.1', body)).json<Told>().error?.err_code;
      // Each counts for a thousand bytes.
      assert.equal(
        [await publish(), await publish(), await publish(), await publish()],
        [undefined, undefined, undefined, 10023],
      );
      const batch = headers();
      batch.set('Nats-Batch-Id', 'b');
      batch.set('Nats-Batch-Sequence', '1');
      const refused = (await client.request('s.1', body, { headers: batch, timeout: 5_000 })).json<Told>();
      assert.is(refused.error?.err_code, 10023);
      await ask('STREAM.PURGE.S');
      assert.is(await publish(), undefined);
    },
    { jetstream: { max_mem: 2_500 } },
  ));

test('thousands of subjects are judged in no time, and the first that overlaps is named', () =>
  withStreams(async ({ client }) => {
    const ask = asking(client);
    const subjects = Array.from({ length: 8_000 }, (_, at) => `many.${at}`);
    const begun = performance.now();
    assert.ok(made(await stream(ask, 'S', { subjects })));
    assert.ok(performance.now() - begun < 2_000);
    assert.is((await stream(ask, 'T', { subjects: ['many.7999'] })).error?.err_code, 10065);
    assert.is((await stream(ask, 'T', { subjects: ['many.*'] })).error?.err_code, 10065);
    assert.is((await stream(ask, 'T', { subjects: ['t.*', 't.1'] })).error?.err_code, 10052);
    assert.is((await stream(ask, 'T', { subjects: ['t.1', 't.1'] })).error?.err_code, 10052);
  }));

test('what is noted about streams and consumers has 128 KiB, with the level that is noted for all', () =>
  withStreams(async ({ client }) => {
    const ask = asking(client);
    const noted = (bytes: number): object => ({ metadata: { k: 'v'.repeat(bytes - 1 - '_nats.req.level0'.length) } });
    assert.ok(made(await stream(ask, 'S', noted(131_072))));
    assert.is((await stream(ask, 'T', noted(131_073))).error?.err_code, 10052);
    assert.ok(made(await consumer(ask, 'S', 'A', noted(131_072))));
    assert.is((await consumer(ask, 'S', 'B', noted(131_073))).error?.err_code, 10135);
  }));

test('a consumer on disk may have a name of 255 bytes', () =>
  withFiles(async ({ client }) => {
    const ask = asking(client);
    await stream(ask, 'S', { storage: 'file' });
    assert.ok(made(await consumer(ask, 'S', 'c'.repeat(255))));
    assert.is((await consumer(ask, 'S', 'c'.repeat(256))).error?.err_code, 10102);
    assert.ok(made(await ask(`CONSUMER.DELETE.S.${'c'.repeat(255)}`)));
  }));

test('a mirror answers who asks its origin directly, and goes on when the origin is gone', () =>
  withStreams(async ({ client }) => {
    const ask = asking(client);
    await stream(ask, 'O', { allow_direct: true });
    await client.request('o.1', 'x');
    await stream(ask, 'M', { subjects: undefined, mirror: { name: 'O' }, mirror_direct: true });
    const whoAnswers = async (): Promise<string> =>
      (await client.request('$JS.API.DIRECT.GET.O.o.1')).headers?.get('Nats-Stream') ?? '';
    const names = new Set<string>();
    await until(async () => names.add(await whoAnswers()).size === 2);
    assert.equal([...names].sort(), ['M', 'O']);
    await ask('STREAM.DELETE.O');
    assert.is(await whoAnswers(), 'M');
    await ask('STREAM.UPDATE.M', { name: 'M', subjects: ['m.>'], storage: 'memory' });
    await client.request('$JS.API.DIRECT.GET.O.o.1').then(
      () => assert.unreachable('nobody is left to answer'),
      (error: Error) => assert.match(error.message, 'no responders'),
    );
  }));

test('acknowledgements go to longer subjects where the feature is on, and are heard on both', () =>
  withStreams(
    async ({ client }) => {
      const ask = asking(client);
      await stream(ask, 'S');
      await client.request('s.1', 'x');
      await consumer(ask, 'S', 'A', { ack_policy: 'explicit' });
      const message = await client.request('$JS.API.CONSUMER.MSG.NEXT.S.A', '1', { noMux: true, timeout: 5_000 });
      assert.match(message.reply!, /^\$JS\.ACK\._\.\w{8}\.S\.A\.1\.1\.1\.\d{19}\.0$/);
      assert.is((await client.request('$JS.ACK.S.A.1.1.1.1.0')).string(), '');
      const { num_ack_pending: left } = (await client.request('$JS.API.CONSUMER.INFO.S.A')).json<{
        num_ack_pending: number;
      }>();
      assert.is(left, 0);
    },
    { feature_flags: { js_ack_fc_v2: true } },
  ));

test('who has no streams is told so, unless the API of another account is imported, which answers alone', async () => {
  const user = (name: string): { users: { user: string; password: string }[] } => ({
    users: [{ user: name, password: 'p' }],
  });
  const api = '$JS.API.>';
  const accounts = {
    A: { jetstream: 'enabled', ...user('a'), exports: [{ service: api }] },
    B: { ...user('b'), imports: [{ service: { account: 'A', subject: api } }] },
    C: user('c'),
  };
  const config = { plugins: ['auth', 'account-sharing'], jetstream: true, accounts };
  await using broker = await testBroker(config, { plugins: [memoryPlugin, plugin] });
  const answersFor = async (name: string, subject: string): Promise<string[]> => {
    const client = await connect({ servers: broker.url!, user: name, pass: 'p' });
    const answers: string[] = [];
    const one = (_error: Error | null, message: Msg): void =>
      void answers.push(String(message.headers?.code ?? message.json<Told>().error?.err_code));
    client.subscribe('answers', { callback: one });
    client.publish(subject, '', { reply: 'answers' });
    await until(() => answers.length > 0);
    await client.close();
    return answers;
  };
  assert.equal(await answersFor('a', '$JS.API.STREAM.NAMES'), ['undefined']);
  assert.equal(await answersFor('b', '$JS.API.STREAM.NAMES'), ['undefined']);
  assert.equal(await answersFor('c', '$JS.API.STREAM.NAMES'), ['10039']);
  assert.equal(await answersFor('c', '$JS.API.STREAM.LEADER.STEPDOWN.S'), ['10010']);
  assert.equal(await answersFor('c', '$JS.API.DIRECT.GET.S'), ['503']);
});

test.run();
