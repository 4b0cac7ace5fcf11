/** `gnatlet store import`: what genuine servers kept is taken over; what is damaged is named, and what it is taken from stays as it was. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import { layOut, RECORDED_VERSIONS, recorded } from '../fixtures/nats-files/recorded.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { bucketsOf, STREAMS, toldOf } from '../plugins/jetstream/stored-streams.ts';
import { Folder, run } from './broker-process.ts';

const seed = chosenSeed();
const folder = new Folder();
test.after(() => folder[Symbol.dispose]());

interface Imported {
  readonly whole: boolean;
  readonly streams: readonly {
    readonly account: string;
    readonly stream: string;
    readonly messages: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly read: number;
    readonly verified: number;
    readonly damage: readonly string[];
    readonly notes: readonly string[];
    readonly leftOut: string;
  }[];
}

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Within this process, which is faster. */
async function tool(...words: string[]): Promise<Ran> {
  let out = '';
  const code = await store(words, {}, async (text) => {
    out += text;
  });
  return { code, out };
}

let places = 0;
/** The files of a genuine server, and a place to take them to. */
function place(version: string): { from: string; into: string } {
  const from = folder.file(`from-${++places}`);
  layOut(recorded(version), from);
  return { from, into: folder.file(`into-${places}`) };
}

function digest(directory: string): string {
  const sum = createHash('sha256');
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    sum.update(relative(directory, path));
    if (entry.isFile()) sum.update(readFileSync(path));
  }
  return sum.digest('hex');
}

async function imported(from: string, into: string, ...words: string[]): Promise<Imported> {
  const before = digest(from);
  const { code, out } = await tool('import', from, '--into', into, '--json', ...words);
  const found = JSON.parse(out) as Imported;
  assert.is(code, found.whole ? 0 : 2);
  assert.is(digest(from), before, 'nothing was written');
  return found;
}

const inStream = (from: string, stream: string, file: string): string =>
  join(from, 'jetstream', '$G', 'streams', stream, file);
const streamOf = ({ streams }: Imported, name: string): Imported['streams'][number] =>
  streams.find(({ stream }) => stream === name)!;

for (const version of RECORDED_VERSIONS) {
  test(`what a ${version} kept is told and found as before: messages, gaps, times, consumers, buckets`, async () => {
    const { from, into } = place(version);
    const { told, buckets } = recorded(version);
    const { whole, streams } = await imported(from, into);
    assert.ok(whole, JSON.stringify(streams));
    assert.equal(
      streams.map(({ stream }) => stream),
      [...STREAMS],
    );
    await using broker = await testBroker({ jetstream: { store_dir: into } });
    const client = await connect({ servers: broker.url! });
    for (const stream of STREAMS) {
      const { consumers, ...rest } = await toldOf(client, stream);
      const { consumers: expected, ...known } = told[stream]!;
      // Those of the clients that looked into buckets, before the end.
      const there = Object.fromEntries(Object.entries(consumers).filter(([name]) => name in expected));
      assert.equal(there, expected, stream);
      assert.equal(
        { ...rest, state: { ...rest.state, consumer_count: 0 } },
        { ...known, state: { ...known.state, consumer_count: 0 } },
      );
    }
    assert.equal(await bucketsOf(client), buckets);
    await client.close();
    await broker.close();
    assert.is((await tool('check', into)).code, 0);
  });
}

test('as a command it says stream by stream what was taken, and ends with 0', async () => {
  const { from, into } = place('2.10');
  const { code, out, err } = await run(['store', 'import', from, '--into', into]);
  assert.equal([code, err], [0, '']);
  assert.match(
    out,
    /^\$G > EMPTIED: 0 messages \(none, the next is 6\), 0 bytes, 0 consumers, 1 of 1 record verified\n/,
  );
  assert.match(out, /\n\$G > LIMITED: 5 messages \(8 to 12\), \d+ bytes, 0 consumers, \d+ of \d+ records verified\n/);
  assert.match(out, /\n\n.*: 7 streams taken from .*\n$/);
});

test('streams that are there already are left as they are, others come beside them', async () => {
  const { from, into } = place('2.10');
  assert.ok((await imported(from, into, '--stream', 'ORDERS')).whole);
  const again = await imported(from, into);
  assert.is(streamOf(again, 'ORDERS').leftOut, 'a stream of that name is there already');
  assert.is(again.streams.filter(({ leftOut }) => leftOut === '').length, STREAMS.length - 1);
});

test('several accounts are taken over, or one of them', async () => {
  const { from, into } = place('2.10');
  layOut(
    {
      ...recorded('2.10'),
      files: Object.fromEntries(
        Object.entries(recorded('2.10').files).map(([path, bytes]) => [path.replace('$G', 'OTHER'), bytes]),
      ),
    },
    from,
  );
  const one = await imported(from, into, '--account', 'OTHER');
  assert.equal(new Set(one.streams.map(({ account }) => account)), new Set(['OTHER']));
  const rest = await imported(from, into);
  assert.is(rest.streams.filter(({ leftOut }) => leftOut !== '').length, STREAMS.length);
  await using broker = await testBroker({
    jetstream: { store_dir: into },
    accounts: { OTHER: { jetstream: 'enabled', users: [{ user: 'o', password: 'o' }] } },
  });
  const client = await connect({ servers: broker.url!, user: 'o', pass: 'o' });
  assert.equal(await toldOf(client, 'ORDERS'), recorded('2.10').told.ORDERS);
  await client.close();
});

test('a sample is held against its checksums where that is enough', async () => {
  const { from, into } = place('2.15');
  const { read, verified, messages } = streamOf(await imported(from, into, '--verify', 'sample'), 'ORDERS');
  assert.ok(verified < read / 10, `${verified} of ${read}`);
  assert.is(messages, 93);
});

test('a flipped bit, a cut block, a block and an index that are gone: the rest is taken, and all of it named', async () => {
  const { from, into } = place('2.10');
  const flipped = readFileSync(inStream(from, 'ORDERS', 'msgs/1.blk'));
  flipped[flipped.indexOf('order 50')]! ^= 1;
  writeFileSync(inStream(from, 'ORDERS', 'msgs/1.blk'), flipped);
  truncateSync(inStream(from, 'KV_K', 'msgs/1.blk'), 300);
  rmSync(inStream(from, 'WORK', 'msgs/1.blk'));
  rmSync(inStream(from, 'LIMITED', 'msgs/index.db'));
  writeFileSync(inStream(from, 'ORDERS', 'obs/HALF/o.dat'), 'no state');
  const found = await imported(from, into);
  const orders = streamOf(found, 'ORDERS');
  assert.is(orders.messages, 92);
  assert.match(orders.damage[0]!, /^block 1: \d+ bytes are no whole messages, between message 49 and message 51$/);
  assert.is(orders.damage[1], '1 messages are lost that its index knows');
  assert.match(orders.damage[2]!, /^the consumer "HALF" is left out: where it stands can not be read$/);
  assert.match(streamOf(found, 'KV_K').damage[0]!, /between message \d+ and its end$/);
  assert.match(streamOf(found, 'WORK').damage[0]!, /^block 1 is missing: \d+ messages between \d+ and 20$/);
  // Without an index nothing says that the limits had removed more.
  const limited = streamOf(found, 'LIMITED');
  assert.equal([limited.messages, limited.first_seq, limited.last_seq], [5, 8, 12]);
  assert.is(limited.notes[0], '7 messages beyond its limits are not taken, since its index is old');
});

test('what is encrypted is left out, with what to do instead', async () => {
  const { from, into } = place('2.10');
  writeFileSync(inStream(from, 'ORDERS', 'meta.key'), 'x');
  assert.match(streamOf(await imported(from, into), 'ORDERS').leftOut, /it is encrypted: .* take a backup/);
});

test('a definition that is damaged leaves its stream out, and costs no other', async () => {
  const { from, into } = place('2.10');
  writeFileSync(inStream(from, 'ORDERS', 'meta.inf'), '{"name":');
  const found = await imported(from, into);
  assert.match(streamOf(found, 'ORDERS').leftOut, /meta.inf, can not be read/);
  assert.is(streamOf(found, 'WORK').leftOut, '');
});

test('whatever happened to its files, a directory is read to its end, and what is taken is whole', async () => {
  const random = new Seeded(seed);
  for (let round = 0; round < 12; round++) {
    const { from, into } = place(random.pick(RECORDED_VERSIONS));
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !random.once(3)) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      for (let times = 1 + random.below(3); times > 0 && bytes.length > 0; times--)
        bytes[random.below(bytes.length)] = random.below(256);
      writeFileSync(path, random.once(3) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes);
    }
    const found = await imported(from, into);
    assert.is(found.streams.length, STREAMS.length, `seed ${seed}`);
    assert.is((await tool('check', into)).code, 0, `seed ${seed}`);
    for (const name of ['from', 'into']) rmSync(folder.file(`${name}-${places}`), { recursive: true });
  }
});

test('mistakes in words are named', async () => {
  const { from, into } = place('2.10');
  for (const [words, problem] of [
    [['import', from], /--into names the directory/],
    [['import', from, '--into', from], /--into names what it is taken from/],
    [['import', from, '--into', join(from, 'jetstream', '$G')], /--into names what it is taken from/],
    [['import', folder.file('nothing'), '--into', into], /no streams of a nats-server in/],
    [['import', from, '--into', into, '--stream', 'NONE'], /no stream in .* is of that name/],
    [['import', from, '--into', into, '--verify', 'some'], /--verify is all or sample, not "some"/],
    [['import', from, '--into', into, '--accept-loss'], /--accept-loss means nothing here/],
    [['check', from, '--into', into], /--into means nothing here/],
  ] as const) {
    try {
      await store(words, {}, async () => {});
      assert.unreachable(words.join(' '));
    } catch (error) {
      assert.match((error as Error).message, problem);
    }
  }
  mkdirSync(folder.file('other/jetstream/$G/streams/X/msgs'), { recursive: true });
  const { code, err } = await run(['store', 'import', from, '--into', folder.file('other')]);
  assert.is(code, 1);
  assert.match(err, /--into names what it is taken from, or the files of another nats-server/);
});

test.run();
