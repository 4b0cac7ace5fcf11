/** What erasing promises beyond removing, and lazy stores, and new keys. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fate } from '../../../kernel/ports/simulated-disk.ts';
import { type OpenOptions, Read, type RecordStore, Scan } from '../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import type { FileStore } from '../../../storage-drivers/file/file-store.ts';
import { withSeed } from '../../kernel/ports/seed.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const bodyOf = (seq: number) => `<secret ${seq}> ${'b'.repeat((seq * 7) % 300)}`;

const put = (store: RecordStore, seq: number) => store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));

async function filled(
  world: DriverWorld,
  count: number,
  options: OpenOptions = {},
): Promise<{ driver: FileDriver; store: RecordStore }> {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s', options));
  for (let seq = 1; seq <= count; seq++) {
    assert.ok(put(store, seq) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(300);
  return { driver, store };
}

/** Files in which a text stands. */
const filesWith = (world: DriverWorld, text: string) =>
  [...world.disk.image()].filter(([, bytes]) => Buffer.from(bytes).includes(text)).map(([path]) => path);

async function durable(world: DriverWorld, store: RecordStore, ticket: number): Promise<void> {
  assert.ok(ticket > 0);
  for (let waited = 0; store.durableTicket < ticket; waited++) {
    assert.ok(waited < 1000, `ticket ${ticket} did not become durable; ${store.durableTicket} is`);
    await world.pass(5);
  }
}

async function sequences(world: DriverWorld, store: RecordStore): Promise<number[]> {
  const found: number[] = [];
  for (let next = 1; ; next = store.coldSequence) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      assert.is(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString(), bodyOf(seq));
      return found.push(seq) > 0;
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

test('S-24: messages of any age are in no file when the ticket is durable, and their neighbours are as they were', async () => {
  const world = new DriverWorld(1);
  const { driver, store } = await filled(world, 2000);
  const doomed = [1, 2, 500, 777, 1200, 1998, 2000];
  for (const seq of doomed) {
    const ticket = store.erase(seq, seq);
    assert.is(store.read(seq), Read.gone);
    await durable(world, store, ticket);
    assert.equal(filesWith(world, `<secret ${seq}>`), [], `${seq}`);
  }
  for (const seq of [3, 499, 501, 1999]) assert.ok(filesWith(world, `<secret ${seq}>`).length > 0);
  const expected = Array.from({ length: 2000 }, (_, index) => index + 1).filter((seq) => !doomed.includes(seq));
  assert.equal(await sequences(world, store), expected);
  assert.equal(await world.until(driver.care.verify()), []);
  world.crash('none');
  for (const seq of doomed) assert.equal(filesWith(world, `<secret ${seq}>`), [], `${seq} after a power cut`);
  const again = await world.open();
  const { store: same } = await world.until(again.open('s'));
  assert.equal(await sequences(world, same), expected);
  assert.equal(again.care.damage, []);
  await world.until(again.close());
});

/** Of the driver, and of the store. */
const SEALED: readonly (readonly [Partial<FileDriverOptions>, OpenOptions])[] = [
  [{ key: Buffer.from('k') }, {}],
  [{ compression: 's2' }, {}],
  [{}, { compression: 's2' }],
  [{ key: Buffer.from('k'), cipher: 'aes' }, { compression: 's2' }],
];

const SECTOR = 512;

const isTemporary = (path: string): boolean => /exchange|tmp/.test(path);

/** The sectors of blocks of one image that are not in the same place in another. */
function changedSectors(before: ReadonlyMap<string, Uint8Array>, after: ReadonlyMap<string, Uint8Array>): Buffer[] {
  const changed: Buffer[] = [];
  for (const [path, bytes] of before) {
    if (!path.endsWith('.blk')) continue;
    for (let at = 0; at < bytes.length; at += SECTOR) {
      const sector = Buffer.from(bytes.subarray(at, at + SECTOR));
      if (!sector.equals(after.get(path)?.subarray(at, at + SECTOR) ?? new Uint8Array(0))) changed.push(sector);
    }
  }
  return changed;
}

test('S-24: where everything is encrypted or compressed, the frame that held it is another one now, and its block the same', async () => {
  for (const [options, ofStore] of SEALED) {
    const world = new DriverWorld(2, options);
    const { driver, store } = await filled(world, 1000, ofStore);
    await world.until(driver.checkpoint(store as never));
    const before = new Map(world.disk.image());
    await durable(world, store, store.erase(100, 100));
    const after = world.disk.image();
    assert.equal([...after.keys()].filter(isTemporary), []);
    const sectors = changedSectors(before, after);
    // Its frame, and the outline of its block.
    assert.ok(sectors.length > 1 && sectors.length <= 2048 / SECTOR + 2, `${sectors.length} sectors`);
    const text = Buffer.concat([...after.values()]);
    for (const sector of sectors) assert.not.ok(text.includes(sector), 'what held it is nowhere');
    assert.is((await sequences(world, store)).length, 999);
    assert.equal(await world.until(driver.care.verify()), []);
    world.crash('none');
    const again = await world.open();
    const { store: same } = await world.until(again.open('s'));
    assert.is((await sequences(world, same)).length, 999);
    await durable(world, same, same.erase(101, 101));
    await durable(world, same, same.erase(99, 103));
    assert.is((await sequences(world, same)).length, 995);
    assert.equal(await world.until(again.care.verify()), []);
    await world.until(again.close());
  }
});

test('S-24 S-31: much at once is written anew, and no number is used twice under a key', async () => {
  const world = new DriverWorld(11, { key: Buffer.from('k') });
  const { driver, store } = await filled(world, 1000);
  await world.until(driver.checkpoint(store as never));
  const seen = new Map<string, string>();
  const look = () => {
    for (const [path, bytes] of world.disk.image()) {
      if (!path.endsWith('.blk')) continue;
      const [file, key] = [Buffer.from(bytes), Buffer.from(bytes.subarray(68, 128)).toString('hex')];
      for (let at = file.indexOf('GNF1'); at >= 0; at = file.indexOf('GNF1', at + 4)) {
        const length = file.readUInt32LE(at + 8);
        const place = `${key} ${file.readBigUInt64LE(at + 40)}`;
        const frame = file.toString('hex', at, at + length);
        assert.is(seen.get(place) ?? frame, frame, `two frames under one number in ${path}`);
        seen.set(place, frame);
      }
    }
  };
  look();
  for (const [from, to] of [
    [7, 7],
    [8, 8],
    [500, 502],
    [9, 9],
    [300, 600],
    [10, 10],
    [601, 601],
  ] as const) {
    await durable(world, store, store.erase(from, to));
    look();
  }
  assert.is((await sequences(world, store)).length, 1000 - 4 - 301 - 1);
  await world.until(driver.close());
});

const FATES: readonly Fate[] = ['none', 'all', 'prefix', 'subset', 'subset'];

/** Erases while the power fails after so many steps of the disk, and looks at what is left. Answers whether it was done by then. */
async function cutWhileErasing(world: DriverWorld, ofStore: OpenOptions, steps: number, fate: Fate): Promise<boolean> {
  const { driver, store } = await filled(world, 60, ofStore);
  await world.until(driver.checkpoint(store as never));
  const before = new Map(world.disk.image());
  const ticket = store.erase(20, 20);
  world.disk.stepsLeft = steps;
  const isDone = await durable(world, store, ticket).then(
    () => true,
    () => false,
  );
  world.disk.stepsLeft = Number.POSITIVE_INFINITY;
  world.crash(fate);
  const again = await world.open();
  const { store: same } = await world.until(again.open('s'));
  const place = `after ${steps} steps, ${fate} kept`;
  assert.ok([59, 60].includes((await sequences(world, same)).length), place);
  assert.equal(again.care.damage, [], place);
  await durable(world, same, same.erase(20, 20));
  const after = world.disk.image();
  const text = Buffer.concat([...after.values()]);
  assert.ok(
    changedSectors(before, after).every((sector) => !text.includes(sector)),
    place,
  );
  assert.equal([...after.keys()].filter(isTemporary), [], place);
  await world.until(again.close());
  return isDone;
}

test('S-24: a power cut in the midst of erasing what is sealed harms nothing else, wherever it comes', () =>
  withSeed(async (random) => {
    for (const [options, ofStore] of SEALED) {
      for (const fate of FATES) {
        for (let steps = 0; ; steps++) {
          if (await cutWhileErasing(new DriverWorld(random.below(1e9), options), ofStore, steps, fate)) break;
        }
      }
    }
  }));

test('a snapshot keeps what is erased until it is released', async () => {
  const world = new DriverWorld(3);
  const { driver, store } = await filled(world, 500);
  await world.until(driver.checkpoint(store as never));
  const snapshot = store.snapshot();
  await durable(world, store, store.erase(50, 50));
  assert.ok(filesWith(world, '<secret 50>').length > 0);
  snapshot.release();
  await world.pass(500);
  assert.equal(filesWith(world, '<secret 50>'), []);
  await world.until(driver.close());
});

test('what comes after an erasure waits for it, and what is cut off and comes again under its sequence stays', async () => {
  const world = new DriverWorld(4);
  const { driver, store } = await filled(world, 100);
  const erased = store.erase(100, 100);
  const later = put(store, 101);
  assert.ok(later > erased);
  store.erase(101, 101);
  store.cutAfter(99);
  const again = put(store, 100);
  await durable(world, store, again);
  await world.pass(500);
  assert.equal((await sequences(world, store)).at(-1), 100);
  world.crash('none');
  const other = await world.open();
  const { store: same } = await world.until(other.open('s'));
  assert.equal((await sequences(world, same)).at(-1), 100);
  await world.until(other.close());
  void driver;
});

test('D-7: a lazy store calls durable what it took, and a power cut leaves a part of it without a gap', async () => {
  const world = new DriverWorld(5);
  const driver = await world.open();
  const { store } = await world.until(driver.open('s', { isLazy: true }));
  const syncs = driver.stats().journal.syncs;
  let told = 0;
  store.onDurable({ durable: (ticket) => (told = ticket), failed: () => {} });
  let ticket = 0;
  for (let seq = 1; seq <= 50; seq++) ticket = put(store, seq);
  await world.pass(0);
  assert.is(told, ticket);
  assert.is(driver.stats().journal.syncs, syncs, 'nothing was synced for it yet');
  await world.pass(100);
  assert.ok(driver.stats().journal.syncs > syncs, 'but it is soon');
  for (let seq = 51; seq <= 90; seq++) put(store, seq);
  await world.pass(0);
  world.crash('subset');
  const again = await world.open();
  const { store: same } = await world.until(again.open('s'));
  const found = await sequences(world, same);
  assert.ok(found.length >= 50);
  assert.is(found.at(-1), found.length);
  await world.until(again.close());
});

test('S-32: a new key takes over everything in the background, goes on after a crash, and then stands alone', async () => {
  for (const cipher of ['aes', 'chacha'] as const) {
    const [first, second] = [Buffer.from('the first key'), Buffer.from('the second key')];
    const world = new DriverWorld(6, { key: first, cipher, tidyBytesPerSecond: 20_000 });
    const { driver } = await filled(world, 1500);
    await world.until(driver.close());
    world.options = { ...world.options, key: second, previousKey: first };
    let rotating = await world.open();
    const before = rotating.stats().filesToRotate;
    assert.ok(before > 10, `${before}`);
    await world.pass(1500);
    world.crash('none');
    rotating = await world.open();
    const left = rotating.stats().filesToRotate;
    assert.ok(left < before && left > 0, `${left} of ${before}`);
    await world.until(rotating.close());
    world.options = { ...world.options, previousKey: null };
    const refused = await world.open().catch(String);
    assert.match(refused as string, 'still has files under the key before');
    world.options = { ...world.options, previousKey: first, tidyBytesPerSecond: 1e9 };
    rotating = await world.open();
    const { store } = await world.until(rotating.open('s'));
    for (let waited = 0; rotating.stats().filesToRotate > 0; waited++) {
      assert.ok(waited < 200, `${rotating.stats().filesToRotate} are left`);
      put(store, store.last + 1);
      await world.pass(50);
    }
    const { count } = store;
    world.crash('none');
    world.options = { ...world.options, previousKey: null };
    const alone = await world.open();
    const { store: same } = await world.until(alone.open('s'));
    assert.ok((await sequences(world, same)).length >= count - 1);
    await world.until(alone.close());
  }
});

test('S-32 S-33: a key for what was in the clear encrypts all of it', async () => {
  const world = new DriverWorld(7);
  const { driver } = await filled(world, 500);
  await world.until(driver.close());
  world.options = { ...world.options, key: Buffer.from('k') };
  const again = await world.open();
  for (let waited = 0; again.stats().filesToRotate > 0; waited++) {
    assert.ok(waited < 200);
    await world.pass(50);
  }
  for (const path of world.disk.paths.filter((each) => each.endsWith('.blk')))
    assert.not.ok(Buffer.from(world.disk.readFileSync(path)).includes('<secret'), path);
  await world.until(again.close());
});

test('S-26: small neighbours become one block, and never more is written than allowed', async () => {
  const world = new DriverWorld(8, { blockBytes: 65_536, dirtyBytesAtClose: 0, tidyBytesPerSecond: 50_000 });
  let count = 0;
  for (let life = 0; life < 6; life++) {
    const driver = await world.open();
    const { store } = await world.until(driver.open('s'));
    for (let more = 0; more < 20; more++) put(store, ++count);
    await world.until(driver.close());
  }
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  assert.is(store.stats().blocks, 6);
  await world.until(driver.checkpoint(store as never));
  while (!driver.tidying.isIdle) await world.pass(20);
  assert.ok(store.stats().blocks <= 3, `${store.stats().blocks}`);
  assert.is((await sequences(world, store)).length, count);
  await world.until(driver.close());
});

test('S-24: what comes later under a sequence of the range is not meant', async () => {
  const world = new DriverWorld(1);
  const { driver, store } = await filled(world, 3);
  const ticket = store.erase(2, 5);
  for (let seq = 4; seq <= 6; seq++) put(store, seq);
  store.remove(4, 4);
  const { ranges } = (store as FileStore).erasures.batch;
  assert.equal(
    ranges.map(({ from, to }) => [from, to]),
    [[2, 3]],
  );
  await durable(world, store, ticket);
  assert.ok(store.erase(10, 12) > 0);
  assert.equal(await sequences(world, store), [1, 5, 6]);
  await world.until(driver.close());
});

test.run();
