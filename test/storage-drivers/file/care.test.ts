/** Damage of any file: found without being asked for, told exactly, the rest served, mended, and filled again (D-9 to D-16, D-27). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Damage,
  type OpenOptions,
  Read,
  type RecordStore,
  Scan,
  type SequenceRange,
} from '../../../storage-drivers/contract.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { withSeed } from '../../kernel/ports/seed.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const COUNT = 1500;
const bodyOf = (seq: number) => `${seq} ${'b'.repeat((seq * 7) % 300)}`;

async function filled(world: DriverWorld, options: OpenOptions = {}) {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s', options));
  for (let seq = 1; seq <= COUNT; seq++) {
    assert.ok(store.append(seq, seq, 0, 0, messageOf(bodyOf(seq))) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(300);
  return { driver, store };
}

/** All that can be read, checked byte for byte. */
async function readable(world: DriverWorld, store: RecordStore): Promise<Set<number>> {
  const found = new Set<number>();
  for (let next = 1; ; next = store.coldSequence) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      assert.is(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString(), bodyOf(seq));
      found.add(seq);
      return true;
    });
    if (end !== Scan.cold) return found;
    const from = store.coldSequence;
    await world.until(
      new Promise<void>((resolve, reject) =>
        store.load(from, from + 50, (error) => (error ? reject(error) : resolve())),
      ),
    );
  }
}

function sequencesOf(ranges: readonly SequenceRange[]): number[] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

/** What is not readable is in the holes and in what was told, each sequence once, and nothing else is. */
async function expectExact(world: DriverWorld, driver: FileDriver, store: RecordStore): Promise<number[]> {
  const found = await readable(world, store);
  const missing = Array.from({ length: COUNT }, (_, index) => index + 1).filter((seq) => !found.has(seq));
  assert.equal(sequencesOf(store.holes().ranges), missing);
  assert.equal(
    driver.care.damage.flatMap(({ lost }) => sequencesOf(lost)).sort((a, b) => a - b),
    missing,
  );
  assert.is(store.count, found.size);
  assert.is(store.holes().records, missing.length);
  for (const seq of missing) assert.is(store.read(seq), Read.hole);
  return missing;
}

const blocksOf = (world: DriverWorld) => world.disk.paths.filter((path) => path.endsWith('.blk'));

test('D-9 D-10 D-16: any flipped bit costs at most the frame it is in, and what it costs is told exactly', () =>
  withSeed(async (random) => {
    const compression = 's2' as const;
    const key = Buffer.from('k');
    for (const [options, ofStore] of [
      [{}, {}],
      [{ compression }, {}],
      [{ key }, {}],
      [{}, { compression }],
    ] as const) {
      const world = new DriverWorld(1, options);
      const { driver } = await filled(world, ofStore);
      await world.until(driver.close());
      const image = world.disk.image();
      const paths = world.disk.paths.filter((path) => /blk$|checkpoint|\.seg$|tail$/.test(path));
      for (let round = 0; round < 25; round++) {
        const path = paths[random.below(paths.length)]!;
        world.disk.damage(path, (bytes) => {
          bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
        });
        const again = await world.open();
        const { store } = await world.until(again.open('s'));
        const missing = await expectExact(world, again, store);
        assert.ok(missing.length <= 70, `${missing.length} of ${COUNT} for one bit in ${path}`);
        await world.until(again.close());
        world.disk.putBack(image);
      }
    }
  }));

test('D-16: a block that is missing or cut short costs what was in it, and no more', () =>
  withSeed(async (random) => {
    const world = new DriverWorld(2);
    const { driver } = await filled(world);
    await world.until(driver.close());
    const image = world.disk.image();
    for (let round = 0; round < 12; round++) {
      const path = blocksOf(world)[random.below(blocksOf(world).length)]!;
      if (round % 2 === 0) world.disk.lose(path);
      else world.disk.cutFile(path, random.below(world.disk.readFileSync(path).length));
      const again = await world.open();
      const { store } = await world.until(again.open('s'));
      const missing = await expectExact(world, again, store);
      assert.ok(missing.length < 120, `${missing.length}`);
      const contiguous = missing.length === 0 || missing.at(-1)! - missing[0]! === missing.length - 1;
      assert.ok(contiguous);
      await world.until(again.close());
      world.disk.putBack(image);
    }
  }));

test('D-27: damage is found in the background, told once, and the files are mended on demand', async () => {
  const world = new DriverWorld(3, { scrubDelayMs: 1000, scrubIntervalMs: 2000, scrubBytesPerSecond: 1_000_000 });
  const { driver, store } = await filled(world);
  await world.until(driver.checkpoint(store as never));
  const told: Damage[] = [];
  driver.care.listen({ damaged: (damage) => told.push(damage) });
  const path = blocksOf(world)[1]!;
  world.disk.damage(path, (bytes) => bytes.fill(7, 8700, 8710));
  await world.pass(10_000);
  assert.ok(driver.care.figures.passes >= 2);
  assert.is(told.length, 1);
  assert.equal([told[0]!.store, told[0]!.part, told[0]!.path, told[0]!.cause], ['s', 'block', path, 'checksum']);
  assert.ok(told[0]!.records >= 1 && told[0]!.records <= 2);
  assert.ok(told[0]!.from <= 8700 && told[0]!.to > 8710);
  await expectExact(world, driver, store);
  assert.is(await world.until(driver.care.repair()), 1);
  assert.equal(await world.until(driver.care.verify()), []);
  await world.until(driver.close());
  const again = await world.open();
  assert.equal(again.care.damage, []);
  const { store: same, report } = await world.until(again.open('s'));
  assert.equal(report.holes, told[0]!.lost);
  assert.is((await readable(world, same)).size, COUNT - told[0]!.records);
  await world.until(again.close());
});

test('what is damaged on the disk and still in memory costs nothing once it is written anew', async () => {
  const world = new DriverWorld(4, { cacheBytes: 10_000_000 });
  const { driver, store } = await filled(world);
  await world.until(driver.checkpoint(store as never));
  await readable(world, store);
  for (const path of blocksOf(world)) world.disk.damage(path, (bytes) => bytes.fill(1, 9000, 9100));
  const found = await world.until(driver.care.verify());
  assert.ok(found.length > 5 && found.every(({ lost }) => lost.length === 0));
  assert.is(await world.until(driver.care.repair()), found.length);
  world.crash('none');
  const again = await world.open();
  const { store: same } = await world.until(again.open('s'));
  assert.is((await readable(world, same)).size, COUNT);
  await world.until(again.close());
});

test('D-14: a damaged copy of a checkpoint is told and written again; an index is, too', async () => {
  const world = new DriverWorld(5);
  const { driver, store } = await filled(world);
  await world.until(driver.checkpoint(store as never));
  const checkpoint = world.disk.paths.find((path) => path.endsWith('checkpoint.2'))!;
  world.disk.damage(checkpoint, (bytes) => bytes.fill(9, 200, 220));
  assert.equal(
    (await world.until(driver.care.verify())).map(({ part }) => part),
    ['checkpoint'],
  );
  const block = blocksOf(world)[0]!;
  world.disk.damage(block, (bytes) => bytes.fill(9, bytes.length - 300, bytes.length - 290));
  assert.equal(
    (await world.until(driver.care.verify())).map(({ part }) => part),
    ['index'],
  );
  await world.until(driver.care.repair());
  assert.equal(await world.until(driver.care.verify()), []);
  await world.until(driver.close());
});

test('damage of the journal while its records are in memory costs nothing: they are written elsewhere', async () => {
  const world = new DriverWorld(6, { dirtyBytesPerStore: 1_000_000, dirtyBytesMax: 4_000_000 });
  const { driver } = await filled(world);
  for (const path of world.disk.paths.filter((each) => each.endsWith('.seg')))
    world.disk.damage(path, (bytes) => bytes.fill(3, 12_000, 12_100));
  const found = await world.until(driver.care.verify());
  assert.ok(found.length > 0 && found.every(({ part }) => part === 'journal'));
  await world.pass(2000);
  world.crash('none');
  const again = await world.open();
  const { store } = await world.until(again.open('s'));
  assert.is((await readable(world, store)).size, COUNT);
  await world.until(again.close());
});

test('D-18: a place the disk refuses to read is a hole that is counted, and nothing else', async () => {
  const world = new DriverWorld(7);
  const { driver } = await filled(world);
  await world.until(driver.close());
  const again = await world.open();
  const { store } = await world.until(again.open('s'));
  const path = blocksOf(world)[3]!;
  for (let count = 0; count < 40; count++) world.disk.faults.failNext('read', 'EIO', (each) => each === path);
  const missing = await expectExact(world, again, store);
  assert.ok(missing.length > 0 && missing.length < 120);
  assert.ok(again.care.figures.readErrors > 0);
  await world.until(again.close());
});

test('a hole is filled with the record that was there, and with no other, and lasts', async () => {
  const world = new DriverWorld(8);
  const { driver, store } = await filled(world);
  await world.until(driver.checkpoint(store as never));
  await world.until(driver.close());
  const path = blocksOf(world)[2]!;
  world.disk.damage(path, (bytes) => bytes.fill(0x41, 8800, 9700));
  world.disk.lose(blocksOf(world)[5]!);
  const again = await world.open();
  const { store: hurt } = await world.until(again.open('s'));
  const missing = await expectExact(world, again, hurt);
  assert.ok(missing.length > 3);
  let healed = '';
  again.care.listen({ damaged: () => {}, healed: (id) => (healed = id) });
  const recordOf = (seq: number, of = seq) => ({ ...messageOf(bodyOf(of)), seq, seconds: seq, nanos: 0, flags: 0 });
  assert.is(await world.until(hurt.repair(missing[0]!, recordOf(missing[0]!, missing[0]! + 1))), false);
  assert.is(await world.until(hurt.repair(1, recordOf(1))), false);
  const filledIn = await world.until(Promise.all(missing.map((seq) => hurt.repair(seq, recordOf(seq)))));
  assert.ok(filledIn.every(Boolean));
  assert.is(healed, 's');
  assert.is((await readable(world, hurt)).size, COUNT);
  assert.equal([hurt.count, hurt.holes().records, hurt.first], [COUNT, 0, 1]);
  world.crash('none');
  const last = await world.open();
  const { store: whole } = await world.until(last.open('s'));
  assert.is((await readable(world, whole)).size, COUNT);
  await world.until(last.close());
});

test('S-28: when the end of the journal is lost, no sequence is given out twice', async () => {
  const world = new DriverWorld(9, { dirtyBytesAtClose: 1_000_000, dirtyBytesPerStore: 1_000_000 });
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= 20; seq++) {
    store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));
    await world.pass(20);
    if (seq === 10) await world.until(driver.checkpoint(store as never));
  }
  await world.until(driver.close());
  const segment = world.disk.paths.filter((path) => path.endsWith('.seg'))[0]!;
  const at = Buffer.from(world.disk.readFileSync(segment)).lastIndexOf(Buffer.from(`subject${bodyOf(20)}`));
  world.disk.damage(segment, (bytes) => bytes.fill(0, at, at + 5));
  const again = await world.open();
  const { store: cut, report } = await world.until(again.open('s'));
  assert.is(report.isAmnesiac, true);
  assert.ok(cut.last >= 20, `${cut.last}`);
  assert.is(cut.count, 19);
  assert.is(again.care.damage[0]!.part, 'journal');
  await world.until(again.close());
});

test('a block of another store under the same name is damage, and none of it is served', async () => {
  const world = new DriverWorld(12);
  const driver = await world.open();
  for (const id of ['s', 't']) {
    const { store } = await world.until(driver.open(id));
    for (let seq = 1; seq <= COUNT; seq++)
      store.append(seq, seq, 0, 0, messageOf(id === 's' ? bodyOf(seq) : 'another'));
    await world.pass(300);
  }
  await world.until(driver.close());
  const [own, other] = ['/data/stores/1/00000002.blk', '/data/stores/2/00000002.blk'];
  world.disk.put(own!, world.disk.readFileSync(other!));
  const again = await world.open();
  const { store } = await world.until(again.open('s'));
  const missing = await expectExact(world, again, store);
  assert.ok(missing.length > 10 && missing.length < 120, `${missing.length}`);
  await world.until(again.close());
});

test('D-12: a stream whose checkpoints are both damaged is told of to whoever cares, and so is one that is known by the journal only', async () => {
  const world = new DriverWorld(13);
  const { driver, store } = await filled(world);
  await world.until(driver.checkpoint(store as never));
  await world.until(driver.close());
  for (const name of ['checkpoint.1', 'checkpoint.2']) {
    world.disk.damage(`/data/stores/1/${name}`, (bytes) => bytes.fill(1, 100, 200));
  }
  const again = await world.open();
  assert.equal(await again.list(), []);
  const folder = again.care.damage.find(({ part }) => part === 'folder')!;
  assert.equal([folder.path, folder.store, folder.cause], ['/data/quarantine/1-2', null, 'checksum']);
  await world.until(again.close());
});

test('a store that was just made does not hang on one frame of the journal for long', async () => {
  for (const isClosed of [false, true]) {
    const world = new DriverWorld(14);
    const driver = await world.open();
    const { store } = await world.until(driver.open('young'));
    for (let seq = 1; seq <= 10; seq++) {
      store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));
      await world.pass(5);
    }
    if (isClosed) await world.until(driver.close());
    else {
      await world.pass(1200);
      world.crash('none');
    }
    const path = world.disk.paths.find((each) => each.endsWith('.seg'))!;
    const at = Buffer.from(world.disk.readFileSync(path)).indexOf('young');
    world.disk.damage(path, (bytes) => bytes.fill(0, at, at + 5));
    const again = await world.open();
    const { store: same } = await world.until(again.open('young'));
    assert.is(same.count, 10, isClosed ? 'closed' : 'cut off');
    await world.until(again.close());
  }
});

test.run();
