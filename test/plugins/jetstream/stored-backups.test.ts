/** Backups as servers before 2.15 make them: those of genuine ones are taken in, and such are sent away where the configuration says so. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { HighwayHash } from '../../../protocols/nats-files/highway-hash.ts';
import { encodeMessage } from '../../../protocols/nats-files/message-block.ts';
import { TAR_END, tarHeader, tarPadding } from '../../../protocols/nats-files/tar.ts';
import { decodeStream, encodeStream } from '../../../protocols/s2/stream.ts';
import { backupOf, recorded } from '../../fixtures/nats-files/recorded.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { type Backup, backUp, restore } from './backup.ts';
import { bucketsOf, fillStreams, STREAMS, toldOf } from './stored-streams.ts';
import { withFiles, withStreams } from './streaming-broker.ts';

const seed = chosenSeed();
const CREATED = '"type":"io.nats.jetstream.api.v1.stream_create_response","config":';
const V1 = { jetstream: { backup_format: 'v1' } };

for (const version of ['2.9', '2.10']) {
  test(`S-42: backups of a genuine ${version} are taken in as they were: messages, gaps, times, consumers, buckets`, () =>
    withFiles(async ({ client }) => {
      const record = recorded(version);
      for (const stream of STREAMS) {
        assert.match(await restore(client, stream, backupOf(record, stream)), CREATED, stream);
        assert.equal(await toldOf(client, stream), record.told[stream], stream);
      }
      assert.equal(await bucketsOf(client), record.buckets);
    }));
}

test('S-42: what is sent away as files is taken in as it was, in files and in memory', () =>
  withFiles(async ({ client, manager }) => {
    await fillStreams(client);
    for (const stream of STREAMS) {
      const told = await toldOf(client, stream);
      const backup = await backUp(client, stream, 128 * 1024);
      const tar = unpacked(backup);
      assert.is(tar.toString('latin1', 0, 8), 'meta.inf');
      await manager.streams.delete(stream);
      assert.match(await restore(client, stream, backup), CREATED);
      assert.equal(await toldOf(client, stream), told);
    }
    const { consumers, digest } = await toldOf(client, 'ORDERS');
    const backup = await backUp(client, 'ORDERS');
    await manager.streams.delete('ORDERS');
    assert.match(
      await restore(client, 'ORDERS', { ...backup, config: { ...backup.config, storage: 'memory' } }),
      CREATED,
    );
    const told = await toldOf(client, 'ORDERS');
    assert.equal([told.consumers, told.digest], [consumers, digest]);
  }, V1));

test('a stream in memory has no files to send, which whoever asks for them is told', () =>
  withFiles(async ({ client, manager }) => {
    await manager.streams.add({ name: 'A', subjects: ['a'], storage: 'memory' as never });
    const answer = await client.request('$JS.API.STREAM.SNAPSHOT.A', '{"deliver_subject":"to"}');
    assert.match(answer.string(), /"err_code":10064,"description":"snapshot failed: a stream in memory has no files/);
  }, V1));

test('restored consumers are there after a crash, too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-restored-'));
  const record = recorded('2.10');
  const copy = join(directory, 'copy');
  await playOn(join(directory, 'first'), async (client) => {
    await restore(client, 'ORDERS', backupOf(record, 'ORDERS'));
    // What is on disk when the answer came.
    cpSync(join(directory, 'first'), copy, { recursive: true, filter: (path) => !path.endsWith('lock') });
  });
  await playOn(copy, async (client) => assert.equal(await toldOf(client, 'ORDERS'), record.told.ORDERS));
  rmSync(directory, { recursive: true, force: true });
});

async function playOn(store: string, play: (client: NatsConnection) => Promise<void>): Promise<void> {
  await using broker = await testBroker({ jetstream: { store_dir: store } });
  const client = await connect({ servers: broker.url! });
  await play(client);
  await client.close();
}

test('who subscribes after the answer, with a wildcard over the subject before, gets all of it', () =>
  withStreams(async ({ client, manager }) => {
    await manager.streams.add({ name: 'A', subjects: ['a'], storage: 'memory' as never });
    client.subscribe('to.>', { callback: () => {} });
    await client.request('$JS.API.STREAM.SNAPSHOT.A', '{"deliver_subject":"to.me"}');
    await client.flush();
    const lengths: number[] = [];
    await new Promise<void>((resolve) => {
      client.subscribe('to.me', {
        callback: (_error, { data }) => {
          lengths.push(data.length);
          if (data.length === 0) resolve();
        },
      });
    });
    assert.is(lengths.length, 2);
  }));

// --- Hostile and damaged ones ---

function unpacked({ chunks }: Backup): Buffer {
  return decodeStream(Buffer.concat(chunks), { outputBytesMax: 64 * 1024 * 1024 });
}

function packed(backup: Backup, tar: Buffer): Backup {
  return { ...backup, chunks: [encodeStream(tar)] };
}

interface Part {
  readonly path: string;
  readonly content: Buffer;
}

/** The files of an archive that was made here: no file has a PAX header. */
function partsOf(tar: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    const path = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    parts.push({ path, content: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return parts;
}

function tarOf(parts: readonly Part[]): Buffer {
  const blocks = parts.flatMap(({ path, content }) => [
    tarHeader(path, content.length, 0),
    content,
    tarPadding(content.length),
  ]);
  return Buffer.concat([...blocks, TAR_END]);
}

function hashOf(owner: string): HighwayHash {
  return new HighwayHash(createHash('sha256').update(owner).digest());
}

function block(number: number, sequences: readonly number[], subject = 'a', body = 'x'): Part {
  const hash = hashOf(`A-${number}`);
  const records = sequences.map((sequence) =>
    encodeMessage(hash, {
      sequence,
      time: 1_700_000_000_000_000_000n,
      subject: Buffer.from(subject),
      header: Buffer.alloc(0),
      body: Buffer.from(body),
    }),
  );
  return { path: `msgs/${number}.blk`, content: Buffer.concat(records) };
}

const file = (path: string, content: string | Buffer = ''): Part => ({ path, content: Buffer.from(content) });

/** What is sent instead of the blocks of a backup, and what is said of it. */
const HOSTILE: readonly (readonly [name: string, parts: readonly Part[], problem: RegExp])[] = [
  ['sequences that go back', [block(1, [5, 4])], /the sequence 4 is out of order/],
  ['sequences that go back from block to block', [block(1, [5]), block(2, [5])], /the sequence 5 is out of order/],
  ['blocks that go back', [block(2, [1]), block(1, [2])], /the block 1 is out of order/],
  [
    'a block with the checksums of another',
    [{ ...block(1, [1]), path: 'msgs/3.blk' }],
    /32 bytes of the block 3 are no messages/,
  ],
  ['a subject with a wildcard', [block(1, [1], 'a.*')], /the message 1 has no subject/],
  ['a path out of the stream', [file('../../etc/passwd')], /it holds \\"..\/..\/etc\/passwd\\", which is not known/],
  ['a consumer whose name is a path', [file('obs/../o.dat')], /which is not known/],
  ['a consumer whose name is a pattern', [file('obs/>/meta.inf', '{}')], /which is not known/],
  ['a consumer without a definition', [file('obs/C/o.dat', 'x')], /the consumer 'C' can not be read/],
  ['a consumer of another name', [file('obs/C/meta.inf', '{"name":"D"}')], /the consumer 'C' can not be read/],
  [
    'an index of another stream',
    [file('msgs/index.db', 'x'.repeat(40))],
    /its index can not be read: its checksum is wrong/,
  ],
  ['an index that is none', [file('msgs/1.idx', 'x')], /the index of the block 1 can not be read/],
  ['the definition of another stream', [file('meta.inf', '{"name":"B"}')], /says twice|is of the stream 'B'/],
  ['an error of the server that made it', [file('errors.txt', 'no disk')], /met an error: no disk/],
];

async function backupOfA(client: NatsConnection): Promise<Backup> {
  await client.request('$JS.API.STREAM.CREATE.A', '{"name":"A","subjects":["a"]}');
  for (let count = 0; count < 20; count++) await client.request('a', `${Math.sin(count)}`);
  await client.request(
    '$JS.API.CONSUMER.CREATE.A.C',
    '{"stream_name":"A","config":{"durable_name":"C","ack_policy":"explicit"}}',
  );
  const backup = await backUp(client, 'A');
  await client.request('$JS.API.STREAM.DELETE.A', '');
  return backup;
}

async function streamCount(client: NatsConnection): Promise<number> {
  return (await client.request('$JS.API.INFO', '')).json<{ streams: number }>().streams;
}

test('S-41: what no server can have made is refused with the reason, and leaves nothing', () =>
  withFiles(async ({ client }) => {
    const backup = await backupOfA(client);
    const [definition, sum] = partsOf(unpacked(backup));
    for (const [name, parts, problem] of HOSTILE) {
      const answer = await restore(client, 'A', packed(backup, tarOf([definition!, sum!, ...parts])));
      assert.match(answer, /"err_code":10062/, name);
      assert.match(answer, problem, name);
      assert.is(await streamCount(client), 0, name);
    }
    const wrong = { path: 'meta.sum', content: Buffer.from('0123456789abcdef') };
    assert.match(
      await restore(client, 'A', packed(backup, tarOf([definition!, wrong]))),
      /the checksum of 'meta.inf' is wrong/,
    );
    assert.match(
      await restore(client, 'A', packed(backup, tarOf([block(1, [1])]))),
      /does not say what stream it is of/,
    );
    assert.match(await restore(client, 'A', backup), CREATED);
  }, V1));

test('S-41: what is cut or changed anywhere is refused, or is what it was; it never leaves half of it', () =>
  withFiles(async ({ client }) => {
    const backup = await backupOfA(client);
    const tar = unpacked(backup);
    const random = new Seeded(seed);
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(tar);
      if (random.once(2)) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      const cut = random.once(3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
      const answer = await restore(client, 'A', packed(backup, cut));
      if (!answer.includes('"error"')) {
        const { state } = await toldOf(client, 'A');
        assert.equal([state.messages, state.last_seq], [20, 20], `seed ${seed}, round ${round}`);
        await client.request('$JS.API.STREAM.DELETE.A', '');
      } else assert.match(answer, /"err_code":10062/);
      assert.is(await streamCount(client), 0);
    }
  }, V1));

test('S-41: a bomb is given up before it fills the disk', () =>
  withFiles(async ({ client }) => {
    const backup = await backupOfA(client);
    const [definition, sum] = partsOf(unpacked(backup));
    const body = Buffer.alloc(1024 * 1024).toString('latin1');
    const blocks = Array.from({ length: 80 }, (_, at) => block(at + 1, [at + 1], 'a', body));
    const bomb = packed(backup, tarOf([definition!, sum!, ...blocks]));
    assert.ok(Buffer.concat(bomb.chunks).length < 8 * 1024 * 1024);
    const chunks = bomb.chunks.flatMap((chunk) =>
      Array.from({ length: Math.ceil(chunk.length / 65_536) }, (_, at) =>
        chunk.subarray(at * 65_536, (at + 1) * 65_536),
      ),
    );
    assert.match(await restore(client, 'A', { ...bomb, chunks }), /the backup is damaged: output-too-large/);
    assert.is(await streamCount(client), 0);
  }, V1));

test('S-41: more than an account may have is refused before anything comes, and when more comes than was said', () =>
  withFiles(
    async ({ client }) => {
      const backup = await backupOfA(client);
      const state = { ...backup.state, bytes: 200_000 };
      const announced = { config: backup.config, state };
      const answer = await client.request('$JS.API.STREAM.RESTORE.A', JSON.stringify(announced));
      assert.match(answer.string(), /"err_code":10023/);
      const [definition, sum] = partsOf(unpacked(backup));
      const parts = [
        definition!,
        sum!,
        block(
          1,
          Array.from({ length: 200 }, (_, at) => at + 1),
          'a',
          'x'.repeat(1000),
        ),
      ];
      assert.match(await restore(client, 'A', packed(backup, tarOf(parts))), /"err_code":10023/);
      assert.is(await streamCount(client), 0);
      assert.match(await restore(client, 'A', backup), CREATED);
    },
    { jetstream: { backup_format: 'v1', max_file_store: 100_000 } },
  ));

test('a layout that is none is refused when the broker starts', async () => {
  try {
    await testBroker({ jetstream: { backup_format: 'v3' } });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /'backup_format' is 'v1' or 'v2', not "v3"/);
  }
});

test.run();
