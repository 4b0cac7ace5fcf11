/** The server as its users start it: streams on disk through kills, wrong directories and second servers. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder, RawClient, run } from '../../bin/broker-process.ts';

const clientOf = ({ port }: BrokerProcess): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${port}`, reconnect: false });

/** Publishes without end, many at a time; tells of each that was acknowledged. */
async function publishUntilGone(client: NatsConnection, acknowledged: (sequence: number) => void): Promise<void> {
  const js = jetstream(client);
  const lane = async (): Promise<void> => {
    for (;;) acknowledged((await js.publish('a', 'x'.repeat(100), { retries: 0 })).seq);
  };
  await Promise.allSettled(Array.from({ length: 50 }, lane));
}

test('D-1 T-20: every message that was acknowledged is there after the process was killed', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream: enabled\nstore_dir: data\n');
  let highest = 0;
  for (let round = 1; round <= 3; round++) {
    await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
    const client = await clientOf(broker);
    const manager = await jetstreamManager(client);
    if (round === 1) await manager.streams.add({ name: 'A', subjects: ['a'] });
    const { state } = await manager.streams.info('A');
    assert.ok(state.last_seq >= highest, `${highest} was acknowledged, ${state.last_seq} is the last`);
    assert.is(state.messages, state.last_seq);
    const wanted = highest + 2_000;
    await publishUntilGone(client, (sequence) => {
      highest = Math.max(highest, sequence);
      if (highest >= wanted) broker.child.kill('SIGKILL');
    });
    await client.close();
  }
  assert.ok(highest >= 6_000, String(highest));
});

test('the block, the key beside it and the flags lead to the same folder', async () => {
  using folder = new Folder();
  folder.write('block.conf', 'jetstream { store_dir: data, domain: hub }\n');
  folder.write('beside.conf', 'jetstream: enabled\nstore_dir: data\n');
  const ways = [
    ['-c', 'block.conf'],
    ['-c', 'beside.conf'],
    ['-js', '-sd', 'data'],
    ['-js', '-c', 'block.conf'],
  ];
  for (const words of ways) {
    await using broker = await BrokerProcess.start(words, folder.path);
    assert.ok(broker.lines.includes('[INF]   Store Directory: "data/jetstream"'), words.join(' '));
    assert.not.match(broker.err.text, /Temporary storage/);
    broker.child.kill('SIGTERM');
    assert.is(await broker.ended(), 0);
  }
});

test('without a folder the one for temporary files is used, with a warning', async () => {
  using folder = new Folder();
  const env = { ...process.env, TMPDIR: folder.path };
  folder.write('nats', 'in its way');
  const { err } = await run(['-js', '-p', '-1'], folder.path, env);
  assert.match(err, /\[WRN\] Temporary storage directory used, data could be lost on system reboot/);
  assert.ok(err.includes(`${folder.file('nats')}/jetstream`), err);
});

test('a folder that is a file ends the start, and says so', async () => {
  using folder = new Folder();
  folder.write('taken', '');
  const { code, err } = await run(['-js', '-sd', 'taken', '-p', '-1'], folder.path);
  assert.match(err, /Can't start JetStream: ENOTDIR: not a directory/);
  assert.is(code, 1);
});

test('two folders are one too many', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream { store_dir: a }\nstore_dir: b\n');
  const { code, err } = await run(['-c', 'a.conf', '-p', '-1'], folder.path);
  assert.match(err, /^nats-server: a\.conf:2:1: Duplicate 'store_dir' configuration\n/);
  assert.is(code, 1);
});

test('a cluster is refused beside streams, which would be served by each of its servers', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream { store_dir: a }\ncluster { name: c, port: -1 }\n');
  const { code, err } = await run(['-c', 'a.conf', '-p', '-1'], folder.path);
  assert.match(err, /^nats-server: a\.conf:2:\d+: streams are kept by one server alone/);
  assert.is(code, 1);
});

test('D-23: a second server on the same folder is sent away, and the first goes on', async () => {
  using folder = new Folder();
  await using first = await BrokerProcess.start(['-js', '-sd', 'data'], folder.path);
  const { code, err } = await run(['-js', '-sd', 'data', '-p', '-1'], folder.path);
  assert.match(err, /Can't start JetStream: .*data\/jetstream/);
  assert.is(code, 1);
  using client = await RawClient.connect(first.port, 'CONNECT {}\r\n');
  await client.ask('PING\r\n', 'PONG\r\n');
});

test('S-32: files under another key are refused, and the key of before opens them', async () => {
  using folder = new Folder();
  folder.write('one.conf', 'jetstream { store_dir: data, key: one }\n');
  folder.write('two.conf', 'jetstream { store_dir: data, key: two }\nport: -1\n');
  folder.write('both.conf', 'jetstream { store_dir: data, key: two, prev_key: one, cipher: aes }\n');
  const start = (file: string): Promise<BrokerProcess> => BrokerProcess.start(['-c', file], folder.path);
  {
    await using broker = await start('one.conf');
    assert.ok(broker.lines.includes('[INF]   Encryption:      ChaCha20-Poly1305'));
    broker.child.kill('SIGTERM');
    await broker.ended();
  }
  const { code, err } = await run(['-c', 'two.conf'], folder.path);
  assert.match(err, /Can't start JetStream: .* is encrypted, and the configured key is another one/);
  assert.is(code, 1);
  await using broker = await start('both.conf');
  assert.ok(broker.lines.includes('[INF]   Encryption:      AES-GCM'));
});

test('D-1: a sync interval is taken, and its price is named', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream { store_dir: data, sync_interval: 10s }\n');
  folder.write('b.conf', 'jetstream { store_dir: other, sync_interval: always }\n');
  await using weak = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const price = '[WRN] Files are synced every 10s: a power cut may lose what was acknowledged in the last 10s';
  assert.ok(weak.lines.includes(price), weak.err.text);
  await using strong = await BrokerProcess.start(['-c', 'b.conf'], folder.path);
  assert.not.match(strong.err.text, /power cut/);
});

test('what is switched off, and a folder alone, start nothing', async () => {
  using folder = new Folder();
  folder.write('off.conf', 'jetstream { enabled: false, store_dir: data }\n');
  folder.write('account.conf', 'accounts { A { jetstream: enabled } }\n');
  for (const words of [
    ['-c', 'off.conf'],
    ['-sd', 'data'],
    ['-c', 'account.conf'],
  ]) {
    await using broker = await BrokerProcess.start(words, folder.path);
    assert.not.match(broker.err.text, /JetStream/);
    using client = await RawClient.connect(broker.port);
    assert.not.match(client.received.text, /"jetstream":true/);
  }
});

test('a system account alone leaves streams to the global one', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream { store_dir: data }\naccounts { $SYS { users: [{ user: s, password: s }] } }\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const client = await clientOf(broker);
  assert.is((await (await jetstreamManager(client)).getAccountInfo()).streams, 0);
  await client.close();
});

test('the monitor says what is configured and what is used', async () => {
  using folder = new Folder();
  folder.write(
    'a.conf',
    'http: "127.0.0.1:-1"\njetstream { store_dir: data, domain: hub, max_file: 1GB, key: hidden }\n',
  );
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const port = /Starting http monitor on \S+:(\d+)/.exec(broker.err.text)![1];
  const text = await (await fetch(`http://127.0.0.1:${port}/varz`)).text();
  const { config, stats } = JSON.parse(text).jetstream;
  assert.is(config.store_dir, 'data/jetstream');
  assert.is(config.domain, 'hub');
  assert.is(config.sync_always, true);
  assert.is(config.max_storage, 1024 ** 3);
  assert.is(stats.accounts, 1);
  assert.not.match(text + broker.err.text, /hidden/);
});

test('a reload to another folder is refused, and streams go on where they are', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'jetstream { store_dir: data }\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  folder.write('a.conf', 'jetstream { store_dir: other }\n');
  await broker.signal('SIGHUP', 'config reload not supported for jetstream storage directory');
  const client = await clientOf(broker);
  await (await jetstreamManager(client)).streams.add({ name: 'A', subjects: ['a'] });
  assert.is((await jetstream(client).publish('a', 'x')).seq, 1);
  await client.close();
});

interface Jsz {
  readonly streams: number;
  readonly consumers: number;
  readonly messages: number;
  readonly disabled?: boolean;
  readonly account_details?: readonly {
    readonly id: string;
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly config?: { readonly subjects: string[] };
      readonly state: { readonly messages: number };
      readonly consumer_detail?: readonly { readonly name: string; readonly num_pending: number }[];
    }[];
  }[];
}

test('/jsz tells of streams and consumers, as much of them as is asked for', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'http: "127.0.0.1:-1"\njetstream: enabled\nstore_dir: data\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const client = await clientOf(broker);
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: 'A', subjects: ['a.*'] });
  await manager.consumers.add('A', { durable_name: 'C' });
  await jetstream(client).publish('a.b', 'x');
  const port = /Starting http monitor on \S+:(\d+)/.exec(broker.err.text)![1];
  const jsz = async (query: string): Promise<Jsz> =>
    (await (await fetch(`http://127.0.0.1:${port}/jsz${query}`)).json()) as Jsz;
  const sums = await jsz('');
  assert.equal([sums.streams, sums.consumers, sums.messages, sums.disabled], [1, 1, 1, undefined]);
  assert.is(sums.account_details, undefined);
  const [stream] = (await jsz('?streams=1')).account_details![0]!.stream_detail!;
  assert.equal(
    [stream?.name, stream?.state.messages, stream?.config, stream?.consumer_detail],
    ['A', 1, undefined, undefined],
  );
  const [whole] = (await jsz('?consumers=1&config=1')).account_details![0]!.stream_detail!;
  assert.equal(whole?.config?.subjects, ['a.*']);
  assert.equal(
    whole?.consumer_detail?.map(({ name, num_pending }) => [name, num_pending]),
    [['C', 1]],
  );
  assert.is((await jsz('?acc=NOBODY')).account_details, undefined);
  await client.close();
});

test.run();
