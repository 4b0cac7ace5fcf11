/** What is known of a store without reading its messages, and what is read where that is not known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { Scan, type StoredRecord } from '../../../storage-drivers/contract.ts';
import { fileSize } from '../../../storage-drivers/derived/accounting.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { blockPath } from '../../../storage-drivers/file/blocks/block-file.ts';
import { captureBlock, readCheckpoint, writeCheckpoint } from '../../../storage-drivers/file/checkpoint-format.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import type { FileStore } from '../../../storage-drivers/file/file-store.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { DriverWorld } from './driver-world.ts';

const VARIANTS: Partial<FileDriverOptions>[] = [
  {},
  { key: Buffer.from('k') },
  { compression: 's2' },
  { key: Buffer.from('k'), cipher: 'aes', compression: 's2' },
  // Half of the messages are written before the others that come between them.
  { syncIntervalMs: 120_000, placedBytesMin: 150 },
];

/** A message with a header, whose subject is one of a few or its own. */
function messageOf(subject: string, headerLength: number, bodyLength: number) {
  const bytes = Buffer.from(subject + 'h'.repeat(headerLength) + 'b'.repeat(bodyLength));
  const subjectEnd = subject.length;
  const bodyStart = subjectEnd + headerLength;
  return {
    subjectBytes: bytes,
    subjectStart: 0,
    subjectEnd,
    bytes,
    headerStart: subjectEnd,
    bodyStart,
    bodyEnd: bytes.length,
  };
}

async function openStore(world: DriverWorld): Promise<{ driver: FileDriver; store: FileStore }> {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  return { driver, store: store as FileStore };
}

/** Appends and removes at random, with pauses in which blocks are written. */
async function fill(world: DriverWorld, store: FileStore, random: FastRandom, count: number): Promise<void> {
  let [seconds, nanos] = [store.lastSeconds + 1, 0];
  for (let step = 0; step < count; step++) {
    const seq = store.last + 1 + (random.below(60) === 0 ? random.below(50) : 0);
    const subject = random.below(3) === 0 ? `own.${seq}` : `shared.${random.below(5)}`;
    if (random.below(20) === 0) seconds += random.below(2 ** 33 - seconds > 2 ** 20 ? 2 ** 10 : 2);
    nanos = random.below(4) === 0 ? random.below(1e9) : nanos;
    store.append(seq, seconds, nanos, 0, messageOf(subject, random.below(3) * 20, random.below(200)));
    if (random.below(30) === 0) store.remove(1 + random.below(seq), 1 + random.below(seq));
    if (random.below(9) === 0) store.remove(seq - random.below(40), seq - random.below(40));
    if (random.below(400) === 0) store.dropBefore(Math.max(1, seq - 600));
    if (step % 50 === 0) await world.pass(5);
  }
  await world.pass(200);
}

const told = (record: StoredRecord): string => {
  const { seq, seconds, nanos, subjectBytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd } = record;
  const subject = Buffer.from(subjectBytes.subarray(subjectStart, subjectEnd)).toString();
  return `${seq} ${seconds}.${nanos} ${subject} ${bodyStart - headerStart} ${bodyEnd - bodyStart}`;
};

async function scanned(world: DriverWorld, store: FileStore, from = 0): Promise<string[]> {
  const found: string[] = [];
  for (let next = from; ; next = store.coldSequence) {
    const end = store.scan(next, store.last, (record) => found.push(told(record)) > 0);
    if (end !== Scan.cold) return found;
    await world.until(new Promise<void>((resolve) => store.load(store.coldSequence, store.last, () => resolve())));
  }
}

/** All by surveys, and by reading what they leave out. Answers which sequences had to be read. */
async function surveyed(world: DriverWorld, store: FileStore): Promise<{ found: string[]; read: number }> {
  const found: string[] = [];
  let read = 0;
  for (let from = 1; from <= store.last; ) {
    from = await world.until(store.survey(from, (record) => void found.push(told(record))));
    if (from > store.last) break;
    const block = store.blocks.blocks[store.blocks.indexFrom(from)]!;
    const own = (await scanned(world, store, from)).filter((text) => Number.parseInt(text, 10) <= block.lastSeq);
    found.push(...own);
    read += own.length;
    from = block.lastSeq + 1;
  }
  return { found, read };
}

test('a survey shows what reading shows, but for the contents, whatever was removed and however blocks are kept', async () => {
  const seed = chooseSeed();
  const total = { shown: 0, read: 0 };
  for (const [index, options] of VARIANTS.entries()) {
    const random = FastRandom.fromSeed(seed + index);
    const world = new DriverWorld(seed + index, options);
    let { driver, store } = await openStore(world);
    for (let life = 0; life < 3; life++) {
      await fill(world, store, random, 700);
      const expected = await scanned(world, store);
      const { found, read } = await surveyed(world, store);
      assert.equal(found, expected, `GNATLET_SEED=${seed}`);
      total.shown += expected.length;
      total.read += read;
      if (life === 1) await world.until(driver.close());
      world.crash('all');
      ({ driver, store } = await openStore(world));
      assert.equal((await surveyed(world, store)).found, await scanned(world, store), `GNATLET_SEED=${seed}`);
    }
    await world.until(driver.close());
  }
  assert.ok(total.read < total.shown / 3, `${total.read} of ${total.shown} were read, GNATLET_SEED=${seed}`);
});

/** How many bytes of blocks are read until the index of the store is there. */
async function bytesOfOpening(world: DriverWorld): Promise<{ bytes: number; records: IndexedStore }> {
  const driver = await world.open();
  const { files } = driver.stores.values().next().value!.world;
  let bytes = 0;
  const use = files.use.bind(files);
  files.use = (path, work) =>
    use(path, (file) => {
      const read: typeof file.read = (buffer, position, done) => {
        bytes += buffer.length;
        file.read(buffer, position, done);
      };
      return work(Object.assign(Object.create(file), { read }));
    });
  const options = { sizeOf: fileSize, clock: world.sim.clock };
  const { records } = await world.until(IndexedStore.open(driver, 's', options));
  return { bytes, records };
}

test('D-14 D-26: after the end of a process the index is made without reading what full blocks hold', async () => {
  const world = new DriverWorld(7, { blockBytes: 65_536, blockFrameBytes: 8192, dirtyBytesPerStore: 65_536 });
  const { driver, store } = await openStore(world);
  const body = 1000;
  for (let seq = 1; seq <= 3000; seq++) {
    store.append(seq, seq, 0, 0, messageOf(`kind.${seq % 10}`, 10, body));
    if (seq % 50 === 0) await world.pass(20);
  }
  await world.pass(200);
  assert.ok(driver.stats().checkpoints > 10);
  world.crash('all');
  const { bytes, records } = await bytesOfOpening(world);
  assert.equal([records.count, records.subjectCount, records.bytes], [3000, 10, 3000 * fileSize(6, 10, body)]);
  const { blocks } = records.store as FileStore & { blocks: FileStore['blocks'] };
  const unfinished = blocks.blocks.filter((block) => block.outlinePosition < 0 && block.fileBytes > 0);
  assert.ok(unfinished.length <= 1, 'only the block that was being filled has none');
  const rest = unfinished.reduce((sum, block) => sum + block.fileBytes, 0);
  assert.ok(bytes < rest + blocks.blocks.length * 4096, `${bytes} bytes of blocks, ${rest} of the unfinished one`);
});

test('D-14: an outline that is damaged is as good as none', async () => {
  const world = new DriverWorld(8);
  let { store } = await openStore(world);
  await fill(world, store, FastRandom.fromSeed(8), 500);
  const expected = await scanned(world, store);
  world.crash('all');
  ({ store } = await openStore(world));
  const block = store.blocks.blocks.find(({ outlinePosition }) => outlinePosition >= 0)!;
  const path = blockPath(store.directory, block.number);
  const whole = await world.until(store.survey(block.base, () => {}));
  assert.ok(whole > block.lastSeq);
  const file = await world.until(world.disk.open(path, 'update'));
  file.writeNow([new Uint8Array(8).fill(255)], block.outlinePosition + 90);
  assert.is(await world.until(store.survey(block.base, () => {})), block.base);
  assert.equal((await surveyed(world, store)).found, expected);
});

test('S-24: the subject of what was erased is in no file either', async () => {
  const world = new DriverWorld(9);
  const { driver, store } = await openStore(world);
  for (let seq = 1; seq <= 500; seq++) store.append(seq, seq, 0, 0, messageOf(`<subject ${seq}>`, 0, 100));
  await world.pass(200);
  await world.until(driver.checkpoint(store));
  const has = (seq: number) =>
    [...world.disk.image().values()].some((all) => Buffer.from(all).includes(`<subject ${seq}>`));
  for (const seq of [1, 250, 500]) {
    assert.ok(has(seq));
    const ticket = store.erase(seq, seq);
    await world.pass(500);
    assert.ok(store.durableTicket >= ticket);
    assert.not.ok(has(seq), `${seq}`);
  }
  assert.is((await surveyed(world, store)).found.length, 497);
  await world.until(driver.close());
});

test('what a clean end wrote down of an index is not kept any more once it is read', async () => {
  const world = new DriverWorld(10);
  const open = async () =>
    world.until(IndexedStore.open(await world.open(), 's', { sizeOf: fileSize, clock: world.sim.clock }));
  const { records } = await open();
  for (let seq = 1; seq <= 300; seq++) records.append(seq, seq, 0, 0, messageOf(`kind.${seq % 7}`, 0, 50));
  await world.until(records.close());
  assert.ok((await records.store.cells.list('index')).length > 1);
  await world.until(world.driver!.close());
  world.crash('none');
  const { records: again } = await open();
  assert.equal([again.count, again.subjectCount], [300, 7]);
  assert.equal(await again.store.cells.list('index'), []);
  await world.pass(100);
  world.crash('all');
  const { records: third } = await open();
  assert.equal([third.count, third.subjectCount], [300, 7]);
});

test('a block that was left before it was full is written anew, with an outline', async () => {
  const world = new DriverWorld(11, { tidyBytesPerSecond: 1e9 });
  let { driver, store } = await openStore(world);
  for (let seq = 1; seq <= 40; seq++) store.append(seq, seq, 0, 0, messageOf('a', 0, 50));
  await world.until(driver.checkpoint(store));
  world.crash('all');
  ({ driver, store } = await openStore(world));
  assert.is(await world.until(store.survey(1, () => {})), 1);
  store.append(41, 41, 0, 0, messageOf('a', 0, 50));
  await world.until(driver.checkpoint(store));
  await world.pass(3000);
  const { found, read } = await surveyed(world, store);
  assert.equal([found.length, read], [41, 1]);
  await world.until(driver.close());
});

test('a checkpoint that knows nothing of outlines is read as before', async () => {
  const world = new DriverWorld(12);
  const { driver, store } = await openStore(world);
  for (let seq = 1; seq <= 9; seq++) store.append(seq, seq, 0, 0, messageOf('a', 0, 50));
  await world.until(driver.checkpoint(store));
  const state = {
    store: 1,
    id: 's',
    isStaged: false,
    isAmnesiac: false,
    isCompressed: false,
    serial: store.serial,
    first: store.first,
    last: store.last,
    lastSeconds: 9,
    lastNanos: 0,
    nextBlock: 2,
    eras: [],
    lost: [],
    erasing: [],
    cells: new Map(),
  };
  const written = writeCheckpoint(state, store.blocks.blocks.map(captureBlock));
  assert.is(store.blocks.blocks.length, 1);
  // All that is different is the byte that says that the block has none.
  const old = written.slice(0, -1);
  old[0] = 2;
  const none = () => assert.unreachable();
  const found = readCheckpoint(old, none as never);
  assert.equal([found.state.last, found.blocks.length, found.blocks[0]!.slots], [9, 1, 9]);
  assert.is(found.blocks[0]!.block.outlinePosition, -1);
  await world.until(driver.close());
});

test.run();
