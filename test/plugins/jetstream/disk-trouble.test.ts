/** Streams on a disk that fails for a while: publishers are told, nothing that was acknowledged suffers, and it goes on by itself. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AckPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ServerConfig, type TestBroker, testBroker } from '../../../bin/testing.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { FailingDisk } from '../../kits/failing-disk.ts';
import { smallMount } from '../../kits/small-mount.ts';
import { until } from '../../kits/until.ts';

interface World {
  readonly broker: TestBroker;
  readonly disk: FailingDisk;
  readonly client: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly lines: string[];
  /** A publish and what became of it: its sequence, or the words of the refusal. */
  publish(body?: string | Uint8Array): Promise<number | string>;
  health(): Promise<string>;
  figure(name: string): Promise<number>;
}

const WATCHED: ServerConfig = {
  accounts: { WATCH: { users: [{ user: 'w', password: 'w' }] } },
  system_account: 'WATCH',
};

async function withDisk(
  play: (world: World) => Promise<void>,
  directory = mkdtempSync(join(tmpdir(), 'gnatlet-trouble-')),
) {
  const disk = new FailingDisk(systemPorts().disk);
  disk.concerns = (path) => path.includes('journal') && !path.endsWith('tail');
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  try {
    await using broker = await testBroker(
      { http: '127.0.0.1:-1', jetstream: { store_dir: directory, max_file: 1e12 }, ...WATCHED },
      { ports: { disk: disk.disk }, log: { error: say, warn: say, info: say } },
    );
    const port = /Starting http monitor on \S+:(\d+)/.exec(lines.join('\n'))![1];
    const look = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const client = await connect({ servers: broker.url! });
    const publish = async (body: string | Uint8Array = 'x'): Promise<number | string> => {
      const answer = await client.request('a', body, { timeout: 20_000 });
      const { seq, error } = answer.json<{ seq: number; error?: { err_code: number; description: string } }>();
      return error === undefined ? seq : `${error.err_code} ${error.description}`;
    };
    const figure = async (name: string): Promise<number> =>
      Number(new RegExp(`^gnatlet_jetstream_${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(await look('/metrics'))?.[1]);
    const [js, manager] = [jetstream(client), await jetstreamManager(client)];
    await manager.streams.add({ name: 'A', subjects: ['a'] });
    await play({ broker, disk, client, js, manager, lines, publish, health: () => look('/healthz'), figure });
    await client.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function goesOn({ publish }: World): Promise<number> {
  let answer: number | string = '';
  await until(async () => {
    answer = await publish('again');
    return typeof answer === 'number';
  });
  return answer as unknown as number;
}

for (const [what, code] of [
  ['datasync', 'EIO'],
  ['write', 'EIO'],
  ['write', 'ENOSPC'],
  ['write', 'EROFS'],
] as const) {
  test(`D-17: a ${what} that fails with ${code}: whoever waited is told, the stream is opened again, and nothing acknowledged is lost`, () =>
    withDisk(async (world) => {
      const { disk, publish, manager, lines, health, js, figure } = world;
      await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
      for (let seq = 1; seq <= 5; seq++) assert.is(await publish(`kept ${seq}`), seq);
      const consumer = await js.consumers.get('A', 'C');
      (await consumer.next())!.ack();
      disk.fail([what], code);
      assert.is(await publish('lost'), `10077 ${code}: simulated, ${what}`);
      disk.heal();
      const next = await goesOn(world);
      assert.ok(next >= 6, String(next));
      const { state } = await manager.streams.info('A');
      assert.is(state.messages, state.last_seq, 'without a gap');
      for (let seq = 1; seq <= 5; seq++)
        assert.is((await manager.streams.getMessage('A', { seq }))!.string(), `kept ${seq}`);
      assert.is((await consumer.next())!.seq, 2, 'consumers go on where they stood');
      assert.is(await health(), '{"status":"ok"}');
      const told = lines.filter((line) => line.startsWith("stream '$G > A'"));
      assert.is(told.length, 2, told.join('\n'));
      assert.match(
        told[0]!,
        /^stream '\$G > A' can not be written, and is opened again when it can: E[A-Z]+: simulated/,
      );
      assert.match(told[1]!, /^stream '\$G > A' can be written again/);
      assert.is(lines.filter((line) => line.includes('cannot be written:')).length, 1);
      assert.is(lines.filter((line) => line.endsWith('can be written again')).length >= 1, true);
      assert.equal([await figure('store_failures_total'), await figure('reopened_stores_total')], [1, 1]);
    }));
}

test('D-17 D-22: while a disk fails, health says so, publishers are told why, and what is stored is read', () =>
  withDisk(async (world) => {
    const { disk, publish, manager, health, lines, figure } = world;
    assert.is(await publish('kept'), 1);
    disk.fail(['datasync', 'write', 'preallocate', 'open'], 'EIO');
    assert.is(await publish('lost'), '10077 EIO: simulated, write');
    await until(async () => (await figure('failing_disks')) === 1);
    for (let count = 0; count < 3; count++) assert.match(String(await publish('refused')), /^10077 /);
    assert.is((await manager.streams.getMessage('A', { seq: 1 }))!.string(), 'kept');
    assert.match(await health(), /JetStream storage can not be written: EIO: simulated/);
    assert.is(await figure('broken_streams'), 1);
    for (const change of [
      () => manager.streams.purge('A'),
      () => manager.streams.deleteMessage('A', 1),
      () => manager.streams.update('A', { max_msgs: 1 }),
      () => manager.streams.delete('A'),
    ]) {
      assert.match(await change().then(() => 'done', String), /EIO/, change.toString());
    }
    disk.heal();
    assert.is(await goesOn(world), 2);
    assert.is((await manager.streams.info('A')).state.messages, 2);
    await until(async () => (await health()) === '{"status":"ok"}');
    assert.is(lines.filter((line) => line.includes('cannot be written:')).length, 1, lines.join('\n'));
    assert.is(await figure('broken_streams'), 0);
  }));

test('those who wait at a consumer are told to ask again, and get what comes after', () =>
  withDisk(async (world) => {
    const { disk, publish, manager, js } = world;
    await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
    const consumer = await js.consumers.get('A', 'C');
    const messages = await consumer.consume({ expires: 2_000 });
    const got: number[] = [];
    const reading = (async () => {
      for await (const message of messages) {
        message.ack();
        got.push(message.seq);
      }
    })();
    assert.is(await publish(), 1);
    await until(() => got.includes(1));
    disk.fail(['datasync'], 'EIO');
    await publish();
    disk.heal();
    const next = await goesOn(world);
    await until(() => got.includes(next));
    await messages.close();
    await reading;
  }));

test('D-22: a directory that is taken away shows in the health, and comes back as it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-away-'));
  await withDisk(async (world) => {
    const { publish, health } = world;
    assert.is(await publish(), 1);
    renameSync(join(directory, 'jetstream'), join(directory, 'elsewhere'));
    assert.match(await health(), /JetStream store directory \S+ can not be read: ENOENT/);
    renameSync(join(directory, 'elsewhere'), join(directory, 'jetstream'));
    assert.is(await health(), '{"status":"ok"}');
    assert.is(await goesOn(world), 2);
  }, directory);
});

const MIB = 2 ** 20;

test('D-20 T-21: a real file system without room: refused and told, and it goes on by itself when there is room again', async () => {
  const mount = smallMount(64 * MIB);
  if (mount === null) {
    console.log('skipped: this user may not mount a file system');
    return;
  }
  try {
    const directory = join(mount.path, 'data');
    await withDisk(async (world) => {
      const { publish, manager, lines, health, broker } = world;
      const watcher = await connect({ servers: broker.url!, user: 'w', pass: 'w' });
      const heard: string[] = [];
      watcher.subscribe('$JS.EVENT.>', { callback: (_error, { subject }) => void heard.push(subject) });
      await watcher.flush();
      const body = new Uint8Array(500_000);
      let stored = 0;
      let answer: number | string = 0;
      while (typeof answer === 'number') {
        stored = answer;
        answer = await publish(body);
      }
      assert.match(String(answer), /^10023 insufficient resources$|^10077 /);
      assert.ok(stored > 10, String(stored));
      await until(async () => /has no room|can not be written|write error/.test(await health()));
      assert.is((await manager.streams.info('A')).state.messages, stored);
      assert.is((await manager.streams.getMessage('A', { seq: stored }))!.data.length, body.length);
      await until(() => heard.length > 0);
      assert.equal(heard, ['$JS.EVENT.ADVISORY.SERVER.OUT_OF_STORAGE']);
      await watcher.close();
      await manager.streams.purge('A', { keep: 1 });
      const next = await goesOn(world).catch(async (error: Error) => {
        throw new Error(
          `${error.message}: ${await publish('x')}, ${await health()}, ${execFileSync('find', [directory, '-type', 'f', '-size', '+0', '-printf', '%P %s; '])} ${execFileSync('df', ['-k', directory])}`,
        );
      });
      assert.ok(next > stored, String(next));
      await until(async () => (await health()) === '{"status":"ok"}');
      const told = lines.filter((line) => line.startsWith('storage-file:'));
      assert.is(told.filter((line) => line.includes('has no room:')).length, 1, told.join('\n'));
      assert.is(told.filter((line) => line.includes('has room again')).length, 1, told.join('\n'));
      assert.is((await manager.streams.getMessage('A', { seq: stored }))!.data.length, body.length);
    }, directory);
  } finally {
    mount.end();
    assert.not(existsSync(mount.path));
  }
});

test.run();
