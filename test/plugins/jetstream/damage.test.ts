/** Files that rotted: what is lost shows everywhere it should, once, and all the rest is served. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AckPolicy, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ServerConfig, type TestBroker, testBroker } from '../../../bin/testing.ts';
import { untilStoresAreOnDisk } from '../../kits/stores-on-disk.ts';
import { until } from '../../kits/until.ts';

const BODY = 'x'.repeat(1000);
const COUNT = 400;

interface State {
  readonly messages: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly num_deleted?: number;
  readonly lost?: { readonly msgs: number[]; readonly bytes: number };
}

interface World {
  readonly broker: TestBroker;
  readonly client: NatsConnection;
  readonly manager: JetStreamManager;
  readonly lines: string[];
  readonly monitor: string;
  readonly directory: string;
  state(): Promise<State>;
}

async function withBroker(
  directory: string,
  play: (world: World) => Promise<void>,
  config: ServerConfig = {},
): Promise<void> {
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  await using broker = await testBroker(
    { http: '127.0.0.1:-1', jetstream: { store_dir: directory }, ...config },
    { log: { error: say, warn: say, info: say } },
  );
  const port = /Starting http monitor on \S+:(\d+)/.exec(lines.join('\n'))![1];
  const client = await connect({ servers: broker.url! });
  const state = async (): Promise<State> =>
    (await client.request('$JS.API.STREAM.INFO.A', '')).json<{ state: State }>().state;
  const manager = await jetstreamManager(client);
  await play({ broker, client, manager, lines, monitor: `http://127.0.0.1:${port}`, directory, state });
  await client.close();
}

async function fill({ client, manager, directory }: World): Promise<void> {
  await manager.streams.add({ name: 'A', subjects: ['a.>'] });
  // Then all messages come to one block at the end.
  await untilStoresAreOnDisk(directory, 1);
  const js = jetstream(client);
  await Promise.all(Array.from({ length: COUNT }, (_, at) => js.publish(`a.${at % 3}`, BODY)));
  await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit, ack_wait: 500_000_000 });
  const consumer = await js.consumers.get('A', 'C');
  for await (const _ of await consumer.fetch({ max_messages: 100, expires: 5_000 }));
}

/** The only block of the only stream. */
function blockOf(directory: string): string {
  const stores = join(directory, 'jetstream', 'stores');
  const [store] = readdirSync(stores);
  const name = readdirSync(join(stores, store!)).find((entry) => entry.endsWith('.blk'));
  return join(stores, store!, name!);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

/** A stream whose block was damaged while its server was down. */
async function withDamage(
  damage: (block: string) => void,
  ...plays: ((world: World) => Promise<void>)[]
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-damage-'));
  try {
    await withBroker(directory, fill);
    damage(blockOf(directory));
    for (const play of plays) await withBroker(directory, play);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const health = async ({ monitor }: World, query = ''): Promise<{ status: number; body: string }> => {
  const answer = await fetch(`${monitor}/healthz${query}`);
  return { status: answer.status, body: await answer.text() };
};

async function readAll({ client }: World): Promise<number[]> {
  const js = jetstream(client);
  const consumer = await js.consumers.get('A');
  const found: number[] = [];
  for await (const message of await consumer.fetch({ max_messages: COUNT, expires: 2_000 })) found.push(message.seq);
  return found;
}

test('D-10 T-21: one damaged message is named in the log, the state, the health and the metrics, and every other is delivered', () =>
  withDamage(
    (block) => flip(block, 30_000),
    async (world) => {
      const { lines, state, monitor, client } = world;
      const delivered = await readAll(world);
      const { lost, messages, num_deleted, last_seq } = await state();
      assert.is(lost?.msgs.length, 1, JSON.stringify(lost));
      const [seq] = lost!.msgs as [number];
      assert.ok(lost!.bytes >= 1000, String(lost!.bytes));
      assert.is(messages, COUNT - 1);
      assert.is(last_seq, COUNT);
      assert.is(num_deleted, undefined, 'what is lost was not deleted');
      assert.equal(
        delivered,
        Array.from({ length: COUNT }, (_, at) => at + 1).filter((at) => at !== seq),
      );

      const told = lines.filter((line) => line.includes('lost the messages'));
      assert.is(told.length, 1, told.join('\n'));
      assert.match(told[0]!, new RegExp(`^stream '\\$G > A' lost the messages ${seq} \\(1 message, \\d+ bytes\\): `));
      assert.match(told[0]!, /\.blk is damaged from byte \d+ to \d+; all others are served$/);

      const text = `JetStream stream '$G \\u003e A' lost 1 message: ${seq}`;
      for (const query of ['', '?account=$G', '?account=$G&stream=A', '?js-meta-only=true']) {
        assert.equal(await health(world, query), { status: 503, body: `{"status":"unavailable","error":"${text}"}` });
      }
      assert.is((await health(world, '?js-server-only=true')).status, 200);
      assert.is((await health(world, '?js-enabled-only=true')).status, 200);
      assert.equal(JSON.parse((await health(world, '?details=true')).body), {
        status: 'error',
        errors: [{ type: 'STREAM', account: '$G', stream: 'A', error: text.replace('\\u003e', '>') }],
      });

      const jsz = JSON.parse(await (await fetch(`${monitor}/jsz?streams=1`)).text());
      assert.equal(jsz.account_details[0].stream_detail[0].state.lost, lost);
      const metrics = await (await fetch(`${monitor}/metrics`)).text();
      assert.match(metrics, /^gnatlet_jetstream_lost_messages\{[^}]*\} 1$/m);
      assert.match(metrics, /^gnatlet_jetstream_messages_lost_total\{[^}]*\} 1$/m);

      const answer = await client.request('$JS.API.STREAM.MSG.GET.A', JSON.stringify({ seq }));
      assert.is(answer.json<{ error: { err_code: number } }>().error.err_code, 10037);
    },
    async (world) => {
      const { lines, state, manager } = world;
      const { lost } = await state();
      assert.is(lost?.msgs.length, 1, 'after another restart it is lost still');
      const again = lines.filter((line) => line.includes(`${lost!.msgs[0]}, which were lost before`));
      assert.is(again.length, 1, lines.join('\n'));
      await manager.streams.deleteMessage('A', lost!.msgs[0]!);
      assert.is((await state()).lost, undefined);
      assert.is((await state()).num_deleted, 1, 'now somebody has deleted it');
      assert.equal(await health(world), { status: 200, body: '{"status":"ok"}' });
    },
    async (world) => {
      assert.is((await world.state()).lost, undefined);
      assert.is((await health(world)).status, 200);
      assert.not(
        world.lines.some((line) => /lost the messages|lacks/.test(line)),
        world.lines.join('\n'),
      );
    },
  ));

test('an advisory tells who listens later too, in the account and in the system account', () =>
  withDamage(
    (block) => flip(block, 30_000),
    async (world) => {
      const { client, state } = world;
      await readAll(world);
      await until(async () => (await state()).lost !== undefined);
      const heard: { type: string; stream: string; msgs: number; ranges: number[][]; lost_bytes: number }[] = [];
      client.subscribe('$JS.EVENT.ADVISORY.STREAM.>', {
        callback: (_error, message) => void heard.push(message.json()),
      });
      await until(() => heard.length > 0);
      const [{ type, stream, msgs, ranges, lost_bytes }] = heard as [(typeof heard)[0]];
      const [seq] = (await state()).lost!.msgs as [number];
      assert.equal(
        { type, stream, msgs, ranges },
        { type: 'io.gnatlet.jetstream.advisory.v1.stream_msgs_lost', stream: 'A', msgs: 1, ranges: [[seq, seq]] },
      );
      assert.ok(lost_bytes > 0);
    },
  ));

test('those who watch the streams of all accounts hear whose it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-damage-'));
  const config = { accounts: { WATCH: { users: [{ user: 'w', password: 'w' }] } }, system_account: 'WATCH' };
  try {
    await withBroker(directory, fill, config);
    flip(blockOf(directory), 30_000);
    const play = async (world: World): Promise<void> => {
      const watcher = await connect({ servers: world.broker.url!, user: 'w', pass: 'w' });
      const heard: { account: string; stream: string; msgs: number }[] = [];
      watcher.subscribe('$JS.EVENT.ADVISORY.>', { callback: (_error, message) => void heard.push(message.json()) });
      await watcher.flush();
      await readAll(world);
      await until(() => heard.length > 0);
      const [{ account, stream, msgs }] = heard as [(typeof heard)[0]];
      assert.equal({ account, stream, msgs }, { account: '$G', stream: 'A', msgs: 1 });
      await watcher.close();
    };
    await withBroker(directory, play, config);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('D-16: a block that is gone costs its messages and nothing else; a purge ends it', () =>
  withDamage(
    (block) => rmSync(block),
    async (world) => {
      const { state, client, manager } = world;
      const { lost, messages, first_seq, last_seq } = await state();
      assert.equal([lost?.msgs.length, messages, first_seq, last_seq], [COUNT, 0, COUNT + 1, COUNT]);
      assert.match((await health(world)).body, /lost 400 messages: 1-400/);
      assert.is((await jetstream(client).publish('a.1', 'next')).seq, COUNT + 1);
      assert.equal(await readAll(world), [COUNT + 1]);
      await manager.streams.purge('A');
      assert.is((await state()).lost, undefined);
      assert.is((await health(world)).status, 200);
    },
  ));

test('a stream of which both checkpoints are damaged, and the journal is gone, is not served, and log and health say so', () =>
  withDamage(
    (block) => {
      for (const name of ['checkpoint.1', 'checkpoint.2']) flip(join(dirname(block), name), 100);
      // Nor does the journal say what the stream was.
      const journal = join(dirname(block), '..', '..', 'journal');
      for (const name of readdirSync(journal)) rmSync(join(journal, name));
    },
    async (world) => {
      assert.match((await health(world)).body, /JetStream stream in \S+quarantine.1-2 could not be recovered/);
      const told = world.lines.filter((line) =>
        /stores.1 has no checkpoint .* is not served, and was set aside/.test(line),
      );
      assert.is(told.length, 1, world.lines.join('\n'));
    },
  ));

test('D-10: when the limits take what came after a lost message, it is not missed any more', () =>
  withDamage(
    (block) => flip(block, 30_000),
    async (world) => {
      const { state, manager } = world;
      await readAll(world);
      const [seq] = (await state()).lost!.msgs as [number];
      await manager.streams.update('A', { max_msgs: COUNT - seq + 1 });
      assert.equal((await state()).lost?.msgs, [seq], 'the message before it went, it would be the first');
      await manager.streams.update('A', { max_msgs: COUNT - seq - 1 });
      assert.is((await state()).lost, undefined);
    },
  ));

test('a message that was delivered and is lost is not waited for', () =>
  withDamage(
    (block) => flip(block, 30_000),
    async (world) => {
      const { client, manager, state } = world;
      const left = (await manager.consumers.info('A', 'C')).num_ack_pending;
      await readAll(world);
      await until(async () => (await state()).lost !== undefined);
      await until(async () => (await manager.consumers.info('A', 'C')).num_ack_pending === 99);
      assert.ok(left === 99 || left === 100, 'it may have been found before');
      const again = await jetstream(client).consumers.get('A', 'C');
      const found: number[] = [];
      for await (const { seq } of await again.fetch({ max_messages: 99, expires: 5_000 })) found.push(seq);
      assert.not(found.includes((await state()).lost!.msgs[0]!));
    },
  ));

test('what is asked for and is not there is answered as by nats-server', () =>
  withDamage(
    () => {},
    async (world) => {
      const answers: [query: string, status: number, body: string][] = [
        ['?account=ZZ', 404, '{"status":"unavailable","error":"JetStream account \\"ZZ\\" not found"}'],
        ['?account=ZZ&js-enabled-only=1', 200, '{"status":"ok"}'],
        ['?account=$G', 200, '{"status":"ok"}'],
        ['?account=$G&stream=A', 200, '{"status":"ok"}'],
        [
          '?account=$G&stream=NO',
          404,
          '{"status":"unavailable","error":"JetStream stream \\"NO\\" not found on account \\"$G\\""}',
        ],
        [
          '?account=$G&stream=NO&details=1',
          404,
          '{"status":"error","errors":[{"type":"STREAM","account":"$G","stream":"NO","error":"JetStream stream \\"NO\\" not found on account \\"$G\\""}]}',
        ],
        [
          '?account=$G&stream=A&consumer=D',
          404,
          '{"status":"unavailable","error":"JetStream consumer \\"D\\" not found for stream \\"A\\" on account \\"$G\\""}',
        ],
        ['?stream=A', 400, '{"status":"error","error":"\\"account\\" must not be empty when checking stream health"}'],
      ];
      for (const [query, status, body] of answers) assert.equal(await health(world, query), { status, body }, query);
    },
  ));

test.run();
