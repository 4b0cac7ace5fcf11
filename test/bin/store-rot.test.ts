/** `gnatlet store` on directories with any damage: it ends in words, says what is lost, and makes nothing worse. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CommandFailure } from '../../bin/command-failure.ts';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { untilStoresAreOnDisk } from '../kits/stores-on-disk.ts';
import { bodyOf, damage, filesOf, fillStreams, isBlindAfter, makeStreams } from '../plugins/jetstream/random-damage.ts';
import { Folder } from './broker-process.ts';

const ROUNDS = Number(process.env.GNATLET_ROUNDS ?? 10);
const COUNTS = { A: 400, B: 20 } as const;

const ANYWHERE = { bytesMax: 200_000, fillers: [0, 0xff] };

const folder = new Folder();
const original = folder.file('original');
// Each call listens for errors of the output.
process.stdout.setMaxListeners(10 * ROUNDS);

test.before(async () => {
  await using broker = await testBroker({ jetstream: { store_dir: original } });
  const client = await connect({ servers: broker.url! });
  await makeStreams(client, COUNTS);
  const manager = await jetstreamManager(client);
  await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
  await untilStoresAreOnDisk(original, 2);
  await fillStreams(client, COUNTS);
  await client.close();
});

interface Ran {
  /** 1 where it could not be done. */
  readonly code: number;
  readonly out: string;
}

/** Whatever else is thrown is a stack of calls for the user. */
async function tool(...words: string[]): Promise<Ran> {
  let out = '';
  try {
    const code = await store(words, {}, async (text) => {
      out += text;
    });
    return { code, out };
  } catch (error) {
    if (error instanceof CommandFailure) return { code: 1, out: error.message };
    throw error;
  }
}

/** Each message that is shown, by its stream and sequence. */
async function shown(directory: string, place: string): Promise<Set<string>> {
  const found = new Set<string>();
  const { out, code } = await tool('dump', directory);
  if (code === 1) return found;
  for (const line of out.split('\n').filter((each) => each !== '')) {
    const { kind, stream, seq, data } = JSON.parse(line) as { kind: string; stream: string; seq: number; data: string };
    if (kind !== 'message') continue;
    assert.is(data, bodyOf(stream, seq), place);
    found.add(`${stream} ${seq}`);
  }
  return found;
}

function contentOf(directory: string): string {
  return filesOf(directory)
    .map((path) => `${path} ${Buffer.from(readFileSync(path)).toString('latin1')}`)
    .join('\n');
}

test('whatever is damaged, it ends in words, nothing is made worse, and what is not there is said to be lost', async () => {
  const chance = new Seeded(chosenSeed());
  const total = Object.values(COUNTS).reduce((sum, count) => sum + count, 0);
  for (let round = 0; round < ROUNDS; round++) {
    const directory = folder.file(`copy-${round}`);
    cpSync(original, directory, { recursive: true });
    const done = Array.from({ length: 1 + chance.below(3) }, () => damage(directory, chance, ANYWHERE));
    const place = `seed ${chance.seed}, round ${round}, damaged: ${done.join('; ')}`;
    const before = contentOf(directory);
    const check = await tool('check', directory).catch((error: Error) => {
      throw new Error(`${place}: ${error.stack}`);
    });
    const found = await shown(directory, place);
    assert.ok(contentOf(directory) === before, `${place}: looking changed something`);
    if (check.code === 0 && !isBlindAfter(done))
      assert.is(found.size, total, `${place}: what is lost passes for whole`);
    else if (check.code === 2) assert.match(check.out, /lost|damaged|missing|can not be read/, place);
    const repair = await tool('repair', directory).catch((error: Error) => {
      throw new Error(`${place}: ${error.stack}`);
    });
    const after = await shown(directory, place);
    const worse = [...found].filter((one) => !after.has(one));
    assert.equal(worse, [], `${place}: lost by repairing, which said ${repair.out}`);
    if (repair.code === 1)
      assert.ok(contentOf(directory) === before, `${place}: it was refused, and changed something`);
    rmSync(directory, { recursive: true });
  }
});

test.after(() => folder[Symbol.dispose]());
test.run();
