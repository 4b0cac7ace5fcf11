/** Stores whose blocks are compressed, each as it was told, beside others that are not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type OpenOptions, type RecordStore, Scan } from '../../../storage-drivers/contract.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { FrameFlag, FrameKind, readFrameHead } from '../../../storage-drivers/file/journal/frame-format.ts';
import { FRAMES_START } from '../../../storage-drivers/file/journal/segment-format.ts';
import { viewOf } from '../../../storage-drivers/file/numbers.ts';
import { S2 } from '../../../storage-drivers/file/s2-compression.ts';
import { withSeed } from '../../kernel/ports/seed.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const LARGER = { blockBytes: 65_536, blockFrameBytes: 8192 };

const bodyOf = (seq: number) => `{"number":${seq},"text":"${'the same again '.repeat(12)}"}`;

async function fill(world: DriverWorld, store: RecordStore, from: number, to: number, body = bodyOf): Promise<void> {
  for (let seq = from; seq <= to; seq++) {
    assert.ok(store.append(seq, seq, 0, 0, messageOf(body(seq))) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(100);
}

async function openStore(world: DriverWorld, driver: FileDriver, id: string, options: OpenOptions = {}) {
  return (await world.until(driver.open(id, options))).store;
}

async function expectAll(world: DriverWorld, store: RecordStore, count: number, body = bodyOf): Promise<void> {
  let [found, next] = [0, 1];
  for (;;) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      assert.is(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString(), body(seq));
      next = seq + 1;
      return ++found > 0;
    });
    if (end !== Scan.cold) break;
    const from = store.coldSequence;
    await world.until(
      new Promise<void>((resolve, reject) =>
        store.load(from, from + 99, (error) => (error ? reject(error) : resolve())),
      ),
    );
  }
  assert.is(found, count);
}

/** In the order of their numbers, whichever was written first. */
const blocksOf = (world: DriverWorld, number: number) =>
  [...world.disk.image()]
    .filter(([path]) => path.includes(`/stores/${number}/`) && path.endsWith('.blk'))
    .sort(([one], [other]) => (one < other ? -1 : 1));

/** Whether each frame of records in the blocks of a store is compressed. */
function framesOf(world: DriverWorld, number: number): boolean[] {
  const frames: boolean[] = [];
  for (const [, bytes] of blocksOf(world, number)) {
    const uuid = bytes.slice(16, 32);
    const generation = Number(viewOf(bytes).getBigUint64(8, true));
    for (let at = FRAMES_START; at < bytes.length; at += 512) {
      const header = readFrameHead(bytes, viewOf(bytes), at, { uuid, generation });
      if (header !== null && header.kind === FrameKind.records)
        frames.push((header.flags & FrameFlag.compressed) !== 0);
    }
  }
  return frames;
}

const sizeOf = (world: DriverWorld, number: number) =>
  blocksOf(world, number).reduce((sum, [, bytes]) => sum + bytes.length, 0);

test('S-34: blocks of a store with compression are compressed, those of others and the journal are not', async () => {
  const world = new DriverWorld(1, LARGER);
  const driver = await world.open();
  const small = await openStore(world, driver, 'small', { compression: 's2' });
  const plain = await openStore(world, driver, 'plain');
  for (const store of [small, plain]) {
    await fill(world, store, 1, 1000);
    await world.until(driver.checkpoint(store as never));
  }
  assert.ok(framesOf(world, 1).every(Boolean) && framesOf(world, 1).length > 20);
  assert.not.ok(framesOf(world, 2).some(Boolean));
  assert.ok(sizeOf(world, 1) < sizeOf(world, 2) / 2, `${sizeOf(world, 1)} and ${sizeOf(world, 2)}`);
  assert.equal([small.contentBytes, small.count], [plain.contentBytes, plain.count], 'what counts is what was written');
  const journal = [...world.disk.image()].filter(([path]) => path.endsWith('.seg'));
  assert.ok(journal.some(([, bytes]) => Buffer.from(bytes).includes('the same again the same again the same again')));
  for (const store of [small, plain]) await expectAll(world, store, 1000);
  await world.until(driver.close());
  const again = await world.open();
  for (const id of ['small', 'plain']) await expectAll(world, await openStore(world, again, id), 1000);
  assert.equal(await world.until(again.care.verify()), []);
  await world.until(again.close());
});

test('S-34: a frame that becomes less than a tenth smaller is written as it is', () =>
  withSeed(async (random) => {
    const noise = Array.from({ length: 101 }, () =>
      Array.from({ length: 1500 }, () => String.fromCharCode(33 + random.below(90))).join(''),
    );
    const world = new DriverWorld(2, LARGER);
    const driver = await world.open();
    const store = await openStore(world, driver, 's', { compression: 's2' });
    await fill(world, store, 1, 100, (seq) => noise[seq]!);
    await world.until(driver.checkpoint(store as never));
    const frames = framesOf(world, 1);
    assert.ok(frames.length > 10 && frames.every((isCompressed) => !isCompressed));
    await expectAll(world, store, 100, (seq) => noise[seq]!);
    await world.until(driver.close());
  }));

test('S-34: it is compressed first and encrypted then, which leaves nothing to see and less to write', async () => {
  const sizes: number[] = [];
  for (const compression of ['none', 's2'] as const) {
    const world = new DriverWorld(3, { ...LARGER, key: Buffer.from('k') });
    const driver = await world.open();
    const store = await openStore(world, driver, 's', { compression });
    await fill(world, store, 1, 500);
    await world.until(driver.checkpoint(store as never));
    sizes.push(sizeOf(world, 1));
    for (const [path, bytes] of world.disk.image()) assert.not.ok(Buffer.from(bytes).includes('same again'), path);
    await expectAll(world, store, 500);
    await world.until(driver.close());
  }
  assert.ok(sizes[1]! < sizes[0]! / 2, `${sizes}`);
});

test('S-34: a changed setting counts for what is written from then on, also when old blocks are written anew', async () => {
  const world = new DriverWorld(4);
  const driver = await world.open();
  const store = await openStore(world, driver, 's');
  await fill(world, store, 1, 500);
  await world.until(driver.checkpoint(store as never));
  const before = framesOf(world, 1).length;
  store.compression = 's2';
  await fill(world, store, 501, 1000);
  await world.until(driver.checkpoint(store as never));
  const frames = framesOf(world, 1);
  assert.equal(frames.slice(0, before).some(Boolean), false);
  assert.ok(frames.slice(before).every(Boolean));
  await expectAll(world, store, 1000);
  // Most of the old blocks goes, and what is left of them is written anew.
  for (let seq = 1; seq <= 480; seq++) if (seq % 8 !== 0) store.remove(seq, seq);
  for (let round = 0; round < 40; round++) {
    await world.until(driver.checkpoint(store as never));
    await world.pass(200);
  }
  assert.ok(driver.stats().rewrittenBlocks > 0);
  assert.ok(framesOf(world, 1).filter((isCompressed) => !isCompressed).length < before / 4);
  store.compression = 'none';
  await fill(world, store, 1001, 1200);
  await world.until(driver.checkpoint(store as never));
  assert.is(framesOf(world, 1).at(-1), false);
  assert.equal(await world.until(driver.care.verify()), []);
  await world.until(driver.close());
});

test('S-34: a driver remembers the setting of a store that nobody has opened yet', async () => {
  const world = new DriverWorld(5, { dirtyBytesPerStore: 1_000_000, dirtyBytesMax: 4_000_000, dirtyBytesAtClose: 1e9 });
  const driver = await world.open();
  const store = await openStore(world, driver, 's', { compression: 's2' });
  await fill(world, store, 1, 10);
  await world.until(driver.checkpoint(store as never));
  await fill(world, store, 11, 500);
  world.crash('all');
  const again = await world.open();
  await world.until(again.checkpoint(again.stores.get(1)!));
  assert.ok(framesOf(world, 1).every(Boolean));
  await expectAll(world, await openStore(world, again, 's'), 500);
  await world.until(again.close());
});

test('S-34: a compressed body that is not of the stated size is refused before there is room made for it', () => {
  const plain = Buffer.from('to and fro '.repeat(500));
  const small = S2.compress(plain);
  assert.ok(small.length < plain.length / 10);
  assert.equal(Buffer.from(S2.decompress(small, plain.length)), plain);
  for (const length of [0, plain.length - 1, plain.length + 1, 1024 * 1024 + 1, 2 ** 31]) {
    assert.throws(() => S2.decompress(small, length), RangeError);
  }
  // It says that it becomes four gigabytes.
  const bomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, ...small.subarray(2));
  assert.throws(() => S2.decompress(bomb, 2 ** 32 - 1), RangeError);
});

test.run();
