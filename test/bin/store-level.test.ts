/** `gnatlet store` on a database of LevelDB: looked at without a change, mended as far as it can be, and never a stack of calls. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Level } from 'level';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { recordKey } from '../../storage-drivers/level/keys.ts';
import { LevelDriver } from '../../storage-drivers/level/level-driver.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { LEVEL_DIRECTORY } from '../plugins/jetstream/kills/level-plugin.ts';
import { BrokerProcess, Folder, run } from './broker-process.ts';

const COUNT = 200;
const ROUNDS = 12;
const folder = new Folder();
const bodyOf = (seq: number): string => `message ${seq} ${'x'.repeat((seq * 13) % 500)}`;
const original = folder.file('database');

interface Ran {
  readonly code: number;
  readonly out: string;
}

async function tool(...words: string[]): Promise<Ran> {
  let out = '';
  const code = await store(words, {}, async (text) => {
    out += text;
  }).catch((error: Error) => {
    out += error.message;
    return 1;
  });
  return { code, out };
}

// Each call listens for errors of the output.
process.stdout.setMaxListeners(100);

test.before(async () => {
  process.env[LEVEL_DIRECTORY] = original;
  const plugin = new URL('../plugins/jetstream/kills/level-plugin.js', import.meta.url).pathname;
  folder.write('a.conf', `plugins: [auth, storage-memory, jetstream, "${plugin}"]\njetstream { store_dir: data }\n`);
  const broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const client = await connect({ servers: `127.0.0.1:${broker.port}` });
  await (await jetstreamManager(client)).streams.add({ name: 'A', subjects: ['a'] });
  const js = jetstream(client);
  for (let seq = 1; seq <= COUNT; seq++) await js.publish('a', bodyOf(seq));
  await client.close();
  const { code, err } = await run(['store', 'check', original]);
  if (process.platform === 'linux') assert.match(err, /database is in use by another process; stop that one/);
  assert.is(code, 1);
  broker.child.kill('SIGTERM');
  await broker.ended();
});

let copies = 0;
function copied(): string {
  const path = folder.file(`copy-${++copies}`);
  cpSync(original, path, { recursive: true });
  return path;
}

function contentOf(directory: string): string {
  return readdirSync(directory)
    .sort()
    .map((name) => `${name} ${readFileSync(join(directory, name)).toString('base64')}`)
    .join('\n');
}

async function spoilRecord(directory: string, seq: number): Promise<void> {
  const database = new Level<Uint8Array, Uint8Array>(directory, { keyEncoding: 'view', valueEncoding: 'view' });
  const value = (await database.get(recordKey(1, seq)))!.slice();
  value[value.length - 2]! ^= 4;
  await database.put(recordKey(1, seq), value);
  await database.close();
}

test('a whole database is said to be whole, is dumped, and is not changed by either', async () => {
  const before = contentOf(original);
  const { code, out } = await tool('check', original);
  assert.is(
    out,
    `$G > A: ${COUNT} messages, 1 to ${COUNT}\n\n${original}: 1 stream: everything was read, and is whole\n`,
  );
  assert.is(code, 0);
  const dump = await tool('dump', original, '--seq', '7');
  assert.is(dump.code, 0);
  assert.ok(dump.out.includes(bodyOf(7)), dump.out);
  assert.match((await tool('repair', original)).out, /nothing is damaged, and nothing was done\n$/);
  assert.is(contentOf(original), before);
  assert.is((await run(['store', 'check', original])).code, 0, 'in a process of its own');
});

test('a damaged message is named; repair says that nothing brings it back, and ends the alarm when it is told to', async () => {
  const directory = copied();
  await spoilRecord(directory, 5);
  const before = contentOf(directory);
  const found = await tool('check', directory);
  assert.is(found.code, 2);
  assert.match(found.out, /\$G > A: 199 messages, 1 to 200\n {2}lost 1 message \(\d+ bytes?\): 5\n/);
  const refused = await tool('repair', directory);
  assert.is(refused.code, 2);
  assert.match(refused.out, /nothing was done\. Messages that are lost stay lost/);
  assert.is(contentOf(directory), before);
  const dump = await tool('dump', directory);
  assert.is(dump.code, 2);
  assert.match(dump.out, /"kind":"lost","account":"\$G","stream":"A","first":5,"last":5/);
  const accepted = await tool('repair', directory, '--accept-loss', '--aside', folder.file('aside'));
  assert.is(accepted.code, 0, accepted.out);
  assert.match(accepted.out, /1 lost message will not be missed any more/);
  assert.is(contentOf(folder.file('aside')), before);
  assert.is((await tool('check', directory)).code, 0);
});

test('a database that can not be opened is mended by LevelDB, after all of it was copied', async () => {
  const directory = copied();
  rmSync(join(directory, 'CURRENT'));
  const manifest = readdirSync(directory).find((name) => name.startsWith('MANIFEST'))!;
  writeFileSync(join(directory, 'CURRENT'), `${manifest}9\n`);
  const before = contentOf(directory);
  const found = await tool('check', directory);
  assert.is(found.code, 2);
  assert.match(found.out, /the database can not be opened: .*MANIFEST/);
  assert.is(contentOf(directory), before);
  const { out } = await tool('repair', directory, '--aside', folder.file('aside-2'));
  assert.match(out, /a copy of all of it is in /);
  assert.is(contentOf(folder.file('aside-2')), before);
  const driver = await LevelDriver.open(systemPorts(), { directory });
  assert.is((await driver.open((await driver.list())[0]!)).store.count, COUNT);
  await driver.close();
});

test('random damage ends in words, changes nothing that is only looked at, and never what a message says', async () => {
  const chance = new Seeded(chosenSeed());
  for (let round = 0; round < ROUNDS; round++) {
    const directory = copied();
    const path = join(directory, chance.pick(readdirSync(directory).filter((name) => name !== 'LOCK')));
    const { size } = statSync(path);
    const at = chance.below(size + 1);
    const kind = chance.pick(['flip', 'cut', 'remove']);
    if (kind === 'remove') rmSync(path);
    else if (kind === 'cut') truncateSync(path, at);
    else if (size > 0) {
      const bytes = readFileSync(path);
      bytes[at % size]! ^= 1 << chance.below(8);
      writeFileSync(path, bytes);
    }
    const place = `seed ${chance.seed}, round ${round}: ${kind} ${path} at ${at}`;
    const before = contentOf(directory);
    const check = await tool('check', directory);
    assert.ok(check.code === 0 || check.out.length > 20, `${place}: ${check.out}`);
    assert.not.match(check.out, /\n\s+at /, place);
    const dump = await tool('dump', directory);
    assert.is(contentOf(directory), before, place);
    for (const line of dump.out.split('\n').filter((each) => each.includes('"kind":"message"'))) {
      const { seq, data } = JSON.parse(line) as { seq: number; data: string };
      assert.is(data, bodyOf(seq), place);
    }
    const aside = folder.file(`fuzz-aside-${round}`);
    const { code, out } = await tool('repair', directory, '--aside', aside, '--accept-loss');
    assert.not.match(out, /\n\s+at /, place);
    if (existsSync(aside)) assert.is(contentOf(aside), before, `${place}: kept as it was`);
    assert.is((await tool('check', directory)).code, code, `${place}: ${out}`);
  }
});

test.after(() => folder[Symbol.dispose]());
test.run();
