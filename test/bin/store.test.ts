/** `gnatlet store`, as its users run it: on whole stores, on damaged ones, on those of others, and on those that are in use. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { BrokerProcess, Folder, run } from './broker-process.ts';

const seed = chosenSeed();
const COUNT = 400;
const folder = new Folder();
test.after(() => folder[Symbol.dispose]());

const bodyOf = (seq: number): string => `${seq}:`.padEnd(1000, 'x');

/** A stream in blocks, a small one in the journal, and a consumer that was given two messages and acknowledged one. */
async function fill(directory: string, key = ''): Promise<void> {
  await using broker = await testBroker({ jetstream: { store_dir: directory, ...(key === '' ? {} : { key }) } });
  const client = await connect({ servers: broker.url! });
  const [js, manager] = [jetstream(client), await jetstreamManager(client)];
  await manager.streams.add({ name: 'A', subjects: ['a.>'] });
  await manager.streams.add({ name: 'B', subjects: ['b.>'] });
  await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
  for (let seq = 1; seq <= COUNT; seq++) await js.publish(`a.${seq % 3}`, bodyOf(seq));
  const fields = headers();
  fields.append('Colour', 'red');
  fields.append('Colour', 'blue');
  await js.publish('b.text', 'grün', { headers: fields });
  await js.publish('b.bytes', new Uint8Array([0xff, 0, 1]));
  await js.publish('b.empty');
  const consumer = await js.consumers.get('A', 'C');
  await (await consumer.next())!.ackAck();
  await consumer.next();
  await client.close();
}

const original = folder.file('original');
test.before(() => fill(original));

let copies = 0;
/** The store directory of a copy of its own. */
function copied(from = original): string {
  const path = folder.file(`copy-${++copies}`);
  cpSync(from, path, { recursive: true });
  return path;
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

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digest(directory: string): string {
  const sum = createHash('sha256');
  for (const path of filesOf(directory)) sum.update(relative(directory, path)).update(readFileSync(path));
  return sum.digest('hex');
}

function change(path: string, at: number, alter: (byte: number) => number): void {
  const bytes = readFileSync(path);
  bytes[at] = alter(bytes[at]!);
  writeFileSync(path, bytes);
}

const flip = (path: string, at: number): void => change(path, at, (byte) => byte ^ 1);
const named = (directory: string, end: string): string[] => filesOf(directory).filter((path) => path.endsWith(end));
const blockOf = (directory: string): string => named(directory, '.blk').find((path) => statSync(path).size > 100_000)!;

/** The segment and the place where a text stands. */
function inJournal(directory: string, text: string): [path: string, at: number] {
  for (const path of named(directory, '.seg')) {
    const at = readFileSync(path).indexOf(text);
    if (at >= 0) return [path, at];
  }
  throw new Error(`${text} is in no segment`);
}

interface Checked {
  readonly whole: boolean;
  readonly streams: readonly {
    readonly stream: string;
    readonly messages: number;
    readonly lost: readonly (readonly [number, number])[];
    readonly lost_messages: number;
    readonly problems: readonly string[];
  }[];
  readonly damage: readonly { readonly path: string; readonly part: string }[];
}

/** Checks, and checks that checking changes nothing. */
async function checked(directory: string): Promise<Checked> {
  const before = digest(directory);
  const { code, out } = await tool('check', directory, '--json');
  const found = JSON.parse(out) as Checked;
  assert.is(code, found.whole ? 0 : 2);
  assert.is(digest(directory), before, 'nothing was written');
  return found;
}

const lostOf = ({ streams }: Checked, name: string): number[] => {
  const found = streams.find(({ stream }) => stream === name);
  return (found?.lost ?? []).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
};

interface Line {
  readonly kind: string;
  readonly stream: string;
  readonly seq: number;
  readonly [key: string]: unknown;
}

async function dumped(...words: string[]): Promise<Line[]> {
  const { out } = await tool('dump', ...words);
  return out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
}

/** What a server that is started on it says and serves. */
async function served(directory: string): Promise<{ lost: number[]; texts: Map<number, string> }> {
  await using broker = await testBroker({ jetstream: { store_dir: directory } });
  const client = await connect({ servers: broker.url! });
  const texts = new Map<number, string>();
  for (let seq = 1; seq <= COUNT; seq++) {
    const answer = await client.request('$JS.API.STREAM.MSG.GET.A', JSON.stringify({ seq }));
    const { message } = answer.json<{ message?: { data: string } }>();
    if (message !== undefined) texts.set(seq, Buffer.from(message.data, 'base64').toString());
  }
  const { state } = (await client.request('$JS.API.STREAM.INFO.A', '')).json<{
    state: { lost?: { msgs: number[] } };
  }>();
  await client.close();
  return { lost: state.lost?.msgs ?? [], texts };
}

test('a whole store is said to be whole, stream by stream, by a command that ends with 0', async () => {
  const before = digest(original);
  for (const directory of [original, join(original, 'jetstream')]) {
    const { code, out, err } = await run(['store', 'check', directory]);
    assert.equal([code, err], [0, '']);
    assert.is(
      out,
      `$G > A: 400 messages, 1 to 400\n$G > B: 3 messages, 1 to 3\n\n${join(original, 'jetstream')}: 2 streams: everything was read, and is whole\n`,
    );
  }
  assert.is(digest(original), before);
});

test('what is lost is named by its sequences, and the command ends with 2', async () => {
  const directory = copied();
  flip(blockOf(directory), 30_000);
  const before = digest(directory);
  const { code, out } = await run(['store', 'check', directory]);
  assert.is(code, 2);
  assert.match(out, /^\$G > A: 399 messages, 1 to 400\n {2}lost 1 message \(\d+ bytes\): \d+\n\$G > B: 3 messages/);
  assert.match(out, /\nstores\/\d+\/\d+\.blk is damaged from byte \d+ to \d+: 1 message lost\n/);
  assert.match(out, /: 2 streams: 1 message lost\n$/);
  assert.is(digest(directory), before, 'nothing was written');
});

/** Ways to damage a store, and what has to come of it. */
const DAMAGES: readonly {
  readonly name: string;
  readonly damage: (directory: string) => void;
  readonly isRight: (found: Checked) => boolean;
}[] = [
  {
    name: 'a bit of a message',
    damage: (directory) => flip(blockOf(directory), 30_000),
    isRight: (found) => lostOf(found, 'A').length === 1,
  },
  {
    name: 'half of a block is cut off',
    damage: (directory) => truncateSync(blockOf(directory), Math.floor(statSync(blockOf(directory)).size / 2)),
    isRight: (found) => lostOf(found, 'A').length > 100 && lostOf(found, 'A').length < 300,
  },
  {
    name: 'a block is gone',
    damage: (directory) => rmSync(blockOf(directory)),
    isRight: (found) => lostOf(found, 'A').length === COUNT,
  },
  {
    name: 'a sector of a block is zero',
    damage: (directory) => {
      for (let at = 0; at < 512; at++) change(blockOf(directory), 40_960 + at, () => 0);
    },
    isRight: (found) => lostOf(found, 'A').length >= 1 && lostOf(found, 'A').length <= 2,
  },
  {
    name: 'a record in the journal',
    damage: (directory) => flip(...inJournal(directory, 'b.text')),
    isRight: (found) => lostOf(found, 'B').includes(1) || found.streams.every(({ stream }) => stream !== 'B'),
  },
  {
    name: 'one of the two checkpoints',
    damage: (directory) => flip(named(directory, 'checkpoint.1')[0]!, 100),
    isRight: (found) => lostOf(found, 'A').length + lostOf(found, 'B').length === 0,
  },
  {
    name: 'one of the two identities',
    damage: (directory) => flip(named(directory, 'identity.1')[0]!, 50),
    isRight: (found) => lostOf(found, 'A').length + lostOf(found, 'B').length === 0,
  },
];

for (const { name, damage, isRight } of DAMAGES) {
  test(`damaged: ${name}. It is found, nothing is made worse, and a server serves all the rest`, async () => {
    const directory = copied();
    damage(directory);
    const found = await checked(directory);
    assert.ok(isRight(found), JSON.stringify(found));
    const lost = lostOf(found, 'A');
    const { out, code } = await tool('repair', directory);
    if (found.whole) assert.match(out, /nothing is damaged, and nothing was done\n$/);
    const after = await checked(directory);
    assert.equal(lostOf(after, 'A'), lost, 'repairing loses nothing and brings nothing back');
    assert.is(code, after.whole ? 0 : 2);
    assert.equal(after.damage, [], 'no damaged file is left');
    const { lost: told, texts } = await served(directory);
    assert.equal(told, lost);
    for (let seq = 1; seq <= COUNT; seq++) assert.is(texts.get(seq), lost.includes(seq) ? undefined : bodyOf(seq));
  });
}

test('repair keeps what it replaces, byte for byte, and what it found', async () => {
  const directory = copied();
  const block = blockOf(directory);
  flip(block, 30_000);
  const damaged = readFileSync(block);
  const { code, out } = await run(['store', 'repair', directory]);
  assert.is(code, 2, out);
  const [aside] = readdirSync(directory).filter((name) => name.startsWith('jetstream.aside-'));
  assert.ok(out.includes(`copies of what is replaced are in ${join(directory, aside!)}\n`), out);
  const kept = filesOf(join(directory, aside!)).find((path) => path.endsWith('.blk'))!;
  assert.equal(readFileSync(kept), damaged);
  assert.is(JSON.parse(readFileSync(join(directory, aside!, 'findings.json'), 'utf8')).whole, false);
  assert.match(out, /1 file written anew\n/);
  assert.match(out, /--accept-loss ends the alarm\.\n$/);
});

test('what is lost comes back from another copy, and only what was there', async () => {
  const directory = copied();
  flip(blockOf(directory), 30_000);
  const [seq] = lostOf(await checked(directory), 'A') as [number];
  const { code, out } = await run(['store', 'repair', directory, '--from', original]);
  assert.is(code, 0, out);
  assert.match(out, /\$G > A: 1 message taken from /);
  assert.match(out, /everything was read, and is whole\n$/);
  assert.is((await served(directory)).texts.get(seq), bodyOf(seq));
  const strange = folder.file('strange');
  await fill(strange);
  const other = copied();
  flip(blockOf(other), 30_000);
  const refused = await tool('repair', other, '--from', strange);
  assert.match(refused.out, /\$G > A: 0 messages taken from /, 'another history has other records');
  assert.is(refused.code, 2);
});

test('a loss that is accepted raises no alarm any more, here and in the server', async () => {
  const directory = copied();
  flip(blockOf(directory), 30_000);
  const { code, out } = await tool('repair', directory, '--accept-loss');
  assert.is(code, 0, out);
  assert.match(out, /\$G > A: 1 lost message will not be missed any more\n/);
  const { lost, texts } = await served(directory);
  assert.equal([lost, texts.size], [[], COUNT - 1]);
});

test('a store that is whole is left as it is by repair', async () => {
  const directory = copied();
  const before = digest(directory);
  assert.match((await tool('repair', directory)).out, /nothing is damaged, and nothing was done\n$/);
  assert.is(digest(directory), before);
});

test('random damage never passes for health, and never changes what a message says', async () => {
  const chance = new Seeded(seed);
  for (let round = 0; round < 8; round++) {
    const directory = copied();
    const paths = filesOf(directory).filter((path) => /\.blk$|checkpoint/.test(path));
    const changed: string[] = [];
    for (let times = 1 + chance.below(4); times > 0; times--) {
      const path = chance.pick(paths);
      const at = chance.below(statSync(path).size);
      flip(path, at);
      changed.push(`${relative(directory, path)}@${at}`);
    }
    const place = `seed ${seed}, round ${round}: ${changed.join(' ')}`;
    const found = await checked(directory);
    const lost = lostOf(found, 'A');
    const lines = (await dumped(directory, '--stream', 'A')).filter(({ kind }) => kind === 'message');
    if (found.streams.some(({ stream }) => stream === 'A')) assert.is(lines.length, COUNT - lost.length, place);
    for (const { seq, data } of lines) assert.is(data, bodyOf(seq), place);
    await tool('repair', directory);
    assert.equal(lostOf(await checked(directory), 'A'), lost, place);
  }
});

test('dump prints streams, consumers and messages as lines of JSON', async () => {
  const lines = await dumped(original, '--stream', 'B');
  assert.equal(
    lines.map(({ kind }) => kind),
    ['stream', 'message', 'message', 'message'],
  );
  const [stream, text, bytes, empty] = lines as [Line, Line, Line, Line];
  assert.equal((stream.config as { subjects: string[] }).subjects, ['b.>']);
  assert.equal(stream.state, { messages: 3, first_seq: 1, last_seq: 3 });
  const { time, ...rest } = text;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(rest, {
    kind: 'message',
    account: '$G',
    stream: 'B',
    seq: 1,
    subject: 'b.text',
    size: 5,
    headers: { Colour: ['red', 'blue'] },
    data: 'grün',
  });
  assert.equal([bytes.data, bytes.data_base64, empty.data, empty.size], [undefined, '/wAB', '', 0]);
  const consumer = (await dumped(original, '--stream', 'A', '--limit', '1')).find(({ kind }) => kind === 'consumer')!;
  assert.is(consumer.name, 'C');
  assert.equal(consumer.delivered, { consumer_seq: 2, stream_seq: 2 });
  assert.equal(consumer.ack_floor, { consumer_seq: 1, stream_seq: 1 });
  assert.equal(
    (consumer.pending as { seq: number }[]).map(({ seq }) => seq),
    [2],
  );
});

test('dump shows a range, a subject, a page, and says where the next begins', async () => {
  const sequences = async (...words: string[]): Promise<number[]> =>
    (await dumped(original, '--account', '$G', '--stream', 'A', ...words))
      .filter(({ kind }) => kind === 'message')
      .map(({ seq }) => seq);
  assert.equal(await sequences('--seq', '5-8'), [5, 6, 7, 8]);
  assert.equal(await sequences('--seq', '7'), [7]);
  assert.equal(await sequences('--seq', '399-'), [399, 400]);
  assert.equal(await sequences('--seq', '-2'), [1, 2]);
  assert.equal(await sequences('--seq', '500-600'), []);
  assert.equal(await sequences('--seq=1-9', '--subject', 'a.0'), [3, 6, 9]);
  assert.is((await sequences('--subject', 'a.*')).length, COUNT);
  assert.is((await sequences('--subject', 'b.>')).length, 0);
  let from = 1;
  const seen: number[] = [];
  for (let pages = 0; from > 0 && pages < 10; pages++) {
    const lines = await dumped(original, '--stream', 'A', '--limit', '150', '--no-data', '--seq', `${from}-`);
    seen.push(...lines.filter(({ kind }) => kind === 'message').map(({ seq }) => seq));
    assert.ok(lines.every((line) => !('data' in line)));
    from = lines.find(({ kind }) => kind === 'more')?.seq ?? 0;
  }
  assert.equal(
    seen,
    Array.from({ length: COUNT }, (_, at) => at + 1),
  );
  assert.equal(await dumped(original, '--stream', 'A', '--account', 'NOBODY').catch(() => []), []);
});

test('a pipe that is closed early ends a dump without noise', async () => {
  const { code, out, err } = await run(['store', 'dump', original, '--stream', 'B']);
  assert.equal([code, err], [0, '']);
  assert.is(out.trimEnd().split('\n').length, 4);
});

test('a directory that a server works in is left alone', async () => {
  const directory = copied();
  await using broker = await BrokerProcess.start(['-js', '-sd', directory], folder.path);
  for (const action of ['check', 'repair', 'dump']) {
    const { code, out, err } = await run(['store', action, directory]);
    assert.equal([code, out], [1, '']);
    assert.match(err, /^nats-server: store: .*jetstream is in use by another process; stop that one/);
  }
  assert.ok(broker.port > 0);
});

test('an encrypted store wants its key, from a file or a variable and never from the command line', async () => {
  const directory = folder.file('sealed');
  await fill(directory, 'secret');
  const keyFile = folder.write('key', 'secret\n');
  const wrongFile = folder.write('wrong', 'guess\n');
  const before = digest(directory);
  const without = await run(['store', 'check', directory]);
  assert.is(without.code, 1);
  assert.match(without.err, /is encrypted, and no key is configured: nothing was touched; give it with --key-file/);
  assert.match(
    (await run(['store', 'check', directory, '--key-file', wrongFile])).err,
    /the configured key is another one/,
  );
  assert.match(
    (await run(['store', 'check', directory, '--key', 'secret'])).err,
    /where others see it: use --key-file/,
  );
  assert.match(
    (await run(['store', 'check', directory, '--key-file', '/no/such'])).err,
    /the key can not be read: ENOENT/,
  );
  assert.is((await run(['store', 'check', directory, '--key-file', keyFile])).code, 0);
  const env = { ...process.env, GNATLET_STORE_KEY: 'secret' };
  assert.is((await run(['store', 'check', directory], '/', env)).code, 0);
  assert.is((await run(['store', 'check', directory, '--prev-key-file', keyFile])).code, 0);
  assert.is(digest(directory), before);
  const { out } = await run(['store', 'dump', directory, '--stream', 'A', '--seq', '7', '--key-file', keyFile]);
  assert.ok(out.includes(bodyOf(7)));
  flip(blockOf(directory), 30_000);
  const damaged = await run(['store', 'repair', directory, '--key-file', keyFile]);
  assert.is(damaged.code, 2, damaged.err);
  assert.not.match(damaged.out + damaged.err, /secret/);
  assert.not.ok(
    filesOf(directory).some((path) => readFileSync(path).includes(bodyOf(7))),
    'nothing is written in the clear',
  );
});

test('mistakes are named', async () => {
  mkdirSync(folder.file('level'));
  folder.write('level/CURRENT', 'MANIFEST-000001');
  const cases: [words: string[], text: RegExp][] = [
    [['store', 'mend', 'x'], /^nats-server: store: there is no "mend"; there are check, repair, dump, import\n/],
    [['store', 'check'], /store check: name one directory\n/],
    [['store', 'check', 'a', 'b'], /store check: name one directory\n/],
    [['store', 'check', '/no/such/dir'], /store: there are no streams in \/no\/such\/dir: name the store_dir/],
    [['store', 'check', 'level'], /this is a database of LevelDB, which has a repair of its own/],
    [['store', 'check', '--lmit', '3', 'x'], /store: --lmit is no flag of it; did you mean --limit\?/],
    [['store', 'check', '--limit', '3', 'x'], /store check: --limit means nothing here/],
    [['store', 'dump', '--seq', '9-5', 'x'], /--seq is a sequence or a range such as 5-9, not "9-5"/],
    [['store', 'dump', '--limit', '0', 'x'], /--limit is a number of messages, not "0"/],
    [['store', 'repair', 'x', '--cipher', 'rot13'], /--cipher is chacha or aes, not "rot13"/],
  ];
  for (const [words, text] of cases) {
    const { code, err } = await run(words, folder.path);
    assert.is(code, 1, words.join(' '));
    assert.match(err, text);
  }
  for (const words of [['store'], ['store', '--help'], ['store', 'help'], ['store', 'check', '-h']]) {
    const { code, out } = await run(words);
    assert.is(code, 0);
    assert.match(out, /Usage: gnatlet store check DIR/);
  }
  assert.match((await run(['--help'])).out, /nats-server store check\|repair\|dump DIR/);
});

test('an aside folder within the store, or one that is there, is refused before anything is done', async () => {
  const directory = copied();
  flip(blockOf(directory), 30_000);
  const before = digest(directory);
  for (const aside of [join(directory, 'jetstream', 'old'), folder.path]) {
    const { code } = await run(['store', 'repair', directory, '--aside', aside]);
    assert.is(code, 1);
  }
  assert.is(digest(directory), before);
});

test.run();
