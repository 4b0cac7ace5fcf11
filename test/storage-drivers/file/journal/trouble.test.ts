/** A disk that fails or is full (D-17, D-20), the weaker mode (D-1), and what may wait at most. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../../kernel/ports/seed.ts';
import { runCrashScript } from './crash-script.ts';
import { append, JournalWorld, type OpenResult, SILENT } from './journal-world.ts';

async function start(world: JournalWorld): Promise<OpenResult> {
  const result = await world.open();
  await world.until(result.journal.start());
  return result;
}

const texts = ({ records }: OpenResult) => records.map(({ data }) => data);
const isSegment = (path: string) => path.includes('.seg');

for (const operation of ['datasync', 'write'] as const) {
  test(`D-17: after a failed ${operation} nothing of it counts, and writing goes on in another segment`, async () => {
    const world = await JournalWorld.create(1);
    const { journal } = await start(world);
    const failures: string[] = [];
    const [hit, bystander] = [1, 2].map((id) =>
      journal.addStore(id, { ...SILENT, failed: (error) => failures.push(`${id} ${error.message}`) }),
    );
    append(journal, hit!, 'kept');
    await world.until(journal.idle());
    world.disk.faults.failNext(operation, 'EIO', (path) => path.includes('00000001.seg'));
    append(journal, hit!, 'lost');
    await world.until(journal.idle());
    assert.match(failures.join(), '1 EIO: i/o error');
    assert.is(failures.length, 1);
    assert.is(append(journal, hit!, 'refused'), -1, 'the store has to be opened again');
    assert.is(journal.refusal, 'failed');
    await world.pass(20);
    append(journal, bystander!, 'goes on');
    hit!.resume();
    assert.is(append(journal, hit!, 'again'), 2, 'the ticket of what was lost is given again');
    await world.until(journal.idle());
    assert.equal([hit!.durable, bystander!.durable], [2, 1]);
    world.crash('all');
    const result = await world.open();
    assert.equal(texts(result).sort(), ['again', 'goes on', 'kept']);
    assert.equal(result.holes, []);
  });
}

test('D-20: a full disk refuses what grows, takes what frees space, and resumes by itself', async () => {
  const world = await JournalWorld.create(2, { firstSegmentBytes: 16_384, segmentBytes: 16_384 });
  const { journal } = await start(world);
  const states: string[] = [];
  journal.events = { room: (cause) => states.push(cause === null ? 'room' : 'full'), trouble: () => {} };
  const store = journal.addStore(1, SILENT);
  // What there is may be used; nothing may be added to it.
  await world.pass(100);
  world.disk.capacityBytes = [...world.disk.image().values()].reduce((sum, bytes) => sum + bytes.length, 0);
  let ticket = 0;
  for (let count = 0; count < 100 && ticket >= 0; count++) {
    ticket = append(journal, store, 'grows '.repeat(100));
    await world.pass(20);
  }
  assert.is(ticket, -1);
  assert.is(journal.refusal, 'full');
  assert.is(store.durable, store.appended, 'what was taken is durable');
  assert.ok(append(journal, store, 'frees', 0x81) > 0);
  await world.until(journal.idle());
  world.disk.capacityBytes = Infinity;
  await world.pass(2500);
  assert.ok(append(journal, store, 'grows again') > 0);
  await world.until(journal.idle());
  assert.equal(states, ['full', 'room']);
  world.crash('none');
  const result = await world.open();
  assert.equal(result.holes, []);
  assert.equal(texts(result).slice(-2), ['frees', 'grows again']);
});

test('D-22: a disk that refuses everything is tried on, and works again when it does', async () => {
  const world = await JournalWorld.create(3);
  const { journal } = await start(world);
  const troubles: (string | null)[] = [];
  journal.events = { room: () => {}, trouble: (cause) => troubles.push(cause?.message.slice(0, 3) ?? null) };
  const store = journal.addStore(1, SILENT);
  world.disk.faults.rates.syncError = 1;
  append(journal, store, 'lost');
  await world.pass(6000);
  assert.ok(troubles.length >= 2 && troubles.every((trouble) => trouble === 'EIO'));
  assert.ok(journal.stats.isFailed);
  world.disk.faults.stop();
  await world.pass(2000);
  assert.is(troubles.at(-1), null);
  store.resume();
  append(journal, store, 'back');
  await world.until(journal.idle());
  world.crash('none');
  const result = await world.open();
  assert.equal(texts(result), ['back']);
  assert.equal(result.holes, []);
});

test('D-1: with a sync interval, acknowledged is what the process survives, and a power cut leaves a clean beginning', async () => {
  let lost = 0;
  for (let seed = 0; seed < 40; seed++) {
    const world = await JournalWorld.create(seed, { syncIntervalMs: 50 });
    const { journal } = await start(world);
    const store = journal.addStore(1, SILENT);
    for (let index = 0; index < 60; index++) {
      append(journal, store, `${index} ${'w'.repeat(600)}`);
      await world.until(journal.idle());
    }
    assert.is(store.durable, 60);
    world.crash('subset');
    const result = await world.open();
    assert.equal(result.holes, [], 'a power cut is no damage');
    const numbers = texts(result).map((text) => Number.parseInt(text, 10));
    assert.equal(
      numbers,
      Array.from({ length: numbers.length }, (_, index) => index),
    );
    lost += 60 - numbers.length;
    world.crash('all');
  }
  assert.ok(lost > 0);
});

test('D-1: with a sync interval, what is older than the interval is safe from a power cut too', async () => {
  const world = await JournalWorld.create(4, { syncIntervalMs: 50 });
  const { journal } = await start(world);
  const store = journal.addStore(1, SILENT);
  append(journal, store, 'old');
  await world.pass(70);
  world.crash('none');
  assert.equal(texts(await world.open()), ['old']);
});

test('D-13: in the weaker mode random power cuts are no damage either', async () => {
  const first = chooseSeed();
  for (let seed = first; seed < first + 40; seed++) {
    try {
      await runCrashScript(seed, { rounds: 5, options: { syncIntervalMs: 8 }, isWeak: true });
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}`);
      throw error;
    }
  }
});

test('D-17: failing syncs and power cuts together lose nothing that was durable', async () => {
  const first = chooseSeed();
  for (let seed = first; seed < first + 60; seed++) {
    try {
      await runCrashScript(seed, {
        rounds: 5,
        spoil: ({ disk }, random) => {
          disk.faults.rates.syncError = [0, 0.02, 0.1][random.below(3)]!;
          disk.faults.rates.shortWrite = [0, 0.02][random.below(2)]!;
          disk.faults.concerns = isSegment;
        },
      });
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}`);
      throw error;
    }
  }
});

test.run();
