/** What becomes of messages that the journal only speaks of when something goes wrong on the way back. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Read } from '../../../storage-drivers/contract.ts';
import { blockPath } from '../../../storage-drivers/file/blocks/block-file.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import type { FileStore } from '../../../storage-drivers/file/file-store.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const OPTIONS: Partial<FileDriverOptions> = {
  syncIntervalMs: 120_000,
  blockBytes: 65_536,
  blockFrameBytes: 16_384,
  placedBytesMin: 1000,
  placedBytesPerStore: 1e9,
  placedBytesMax: 1e9,
  queueBytesMax: 1e9,
};
const large = (seq: number): string => `<${seq}>${'x'.repeat(5000)}`;
const put = (store: FileStore, seq: number, body: string) => store.append(seq, seq, 0, 0, messageOf(body));

/** A store that has a folder of its own. */
async function opened(world: DriverWorld, driver: FileDriver, id: string): Promise<FileStore> {
  const store = (await world.until(driver.open(id))).store as FileStore;
  put(store, 1, 'small');
  await world.until(driver.checkpoint(store));
  return store;
}

async function reopened(world: DriverWorld, id: string) {
  const driver = await world.open();
  const { store, report } = await world.until(driver.open(id));
  return { driver, store: store as FileStore, report };
}

async function bodyOf(world: DriverWorld, store: FileStore, seq: number): Promise<string> {
  if (store.read(seq) === Read.cold) await world.until(new Promise((done) => store.load(seq, seq, done)));
  if (store.read(seq) !== Read.found) return '';
  const { bytes, bodyStart, bodyEnd } = store.record;
  return Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString();
}

test('D-1: one frame of the journal speaks of blocks of more stores than are kept in mind', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const stores: FileStore[] = [];
  for (let number = 0; number < 100; number++) stores.push(await opened(world, driver, `s${number}`));
  for (const store of stores) put(store, 2, large(2));
  await world.pass(3000);
  for (const store of stores) assert.is(store.durableTicket, store.journalStore.appended);
  world.crash('all');
  const next = await world.open();
  assert.equal(next.care.damage, []);
  for (let number = 0; number < 100; number++) {
    const { store } = await world.until(next.open(`s${number}`));
    assert.is(await bodyOf(world, store as FileStore, 2), large(2), `s${number}`);
  }
});

test('D-16: a frame that the journal speaks of is damaged: what is whole in it is served, and the driver opens', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const store = await opened(world, driver, 's');
  for (let seq = 2; seq <= 4; seq++) put(store, seq, large(seq));
  await world.pass(100);
  await world.until(driver.journal.syncNow());
  const block = store.blocks.blocks.at(-1)!;
  const frame = block.frames.at(-1)!;
  assert.is(frame.recordCount, 3);
  const path = blockPath(store.directory, block.number);
  // The length of the second record.
  const at = frame.position + 84 + block.starts[block.slotFrom(3)]! - frame.start;
  world.disk.damage(path, (bytes) => (bytes[at + 6]! ^= 1));
  world.crash('all');
  const { store: again, report } = await reopened(world, 's');
  assert.is(await bodyOf(world, again, 2), large(2));
  assert.equal(report.holes, [{ from: 3, to: 4 }]);
});

/** All of a turn, and in a frame of the journal each: what others write is in between. */
function putApart(store: FileStore, others: readonly FileStore[], from: number): void {
  for (const [index, other] of others.entries()) {
    put(store, from + index, large(from + index));
    for (let count = 0; count < 30; count++) put(other, other.last + 1, 'small'.repeat(20));
  }
}

async function openedMany(world: DriverWorld, driver: FileDriver): Promise<FileStore[]> {
  const stores: FileStore[] = [];
  for (const id of ['a', 'b', 'c', 's']) stores.push(await opened(world, driver, id));
  return stores;
}

/** Damages the frame of the journal that speaks of a message. */
async function spoilWord(world: DriverWorld, { number }: FileStore, seq: number): Promise<void> {
  const word = Buffer.alloc(20);
  word.writeUInt32LE(number, 0);
  word.writeUInt32LE(72, 4);
  word.writeUInt32LE(seq, 12);
  const [head, tail] = [word.subarray(0, 8), word.subarray(12)];
  let found = 0;
  for (const name of await world.until(world.disk.list('/data/journal'))) {
    if (!name.endsWith('.seg')) continue;
    world.disk.damage(`/data/journal/${name}`, (bytes) => {
      const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = all.indexOf(head); at >= 0; at = all.indexOf(head, at + 1)) {
        if (!all.subarray(at + 12, at + 20).equals(tail)) continue;
        bytes[at + 20] = 0xee;
        found++;
      }
    });
  }
  assert.ok(found > 0);
}

test('D-9: between two messages of a frame the word of the journal for a third is lost: each is what it was', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const [a, b, c, store] = await openedMany(world, driver);
  putApart(store!, [a!, b!, c!], 2);
  await world.pass(100);
  await world.until(driver.journal.syncNow());
  assert.is(store!.blocks.blocks.at(-1)!.frames.at(-1)!.recordCount, 3);
  await spoilWord(world, store!, 3);
  world.crash('all');
  const { driver: next, store: again, report } = await reopened(world, 's');
  assert.equal(report.holes, [{ from: 3, to: 3 }]);
  assert.is(await bodyOf(world, again, 2), large(2));
  assert.is(await bodyOf(world, again, 4), large(4));
  await world.until(next.checkpoint(again));
  world.crash('all');
  const { store: third } = await reopened(world, 's');
  assert.equal([await bodyOf(world, third, 2), await bodyOf(world, third, 4)], [large(2), large(4)]);
});

test('S-24: erasing leaves what the journal still speaks of', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const [a, b, c, store] = await openedMany(world, driver);
  put(store!, 2, large(2));
  await world.pass(100);
  await world.until(driver.journal.syncNow());
  putApart(store!, [a!, b!, c!], 3);
  await world.pass(100);
  // The process ended before the last word was in the file.
  world.crash('all');
  await spoilWord(world, store!, 5);
  const { store: again, driver: next } = await reopened(world, 's');
  assert.equal([again.last, next.care.damage], [4, []]);
  assert.is(await bodyOf(world, again, 3), large(3));
  again.erase(2, 2);
  await world.until(next.erasing.idle());
  await world.pass(100);
  assert.is(again.durableTicket, again.journalStore.appended);
  world.crash('all');
  const { store: third, report } = await reopened(world, 's');
  assert.equal(report.holes, []);
  assert.equal([await bodyOf(world, third, 3), await bodyOf(world, third, 4)], [large(3), large(4)]);
});

test('D-1: a disk that is full takes nothing back that was acknowledged', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const store = await opened(world, driver, 's');
  const other = await opened(world, driver, 'other');
  for (let seq = 2; seq <= 20; seq++) put(other, seq, 'small');
  for (let seq = 2; seq <= 4; seq++) put(store, seq, large(seq));
  await world.pass(100);
  assert.equal([other.durableTicket, store.durableTicket], [other.journalStore.appended, store.journalStore.appended]);
  let used = 0;
  for (const bytes of world.disk.image().values()) used += bytes.length;
  world.disk.capacityBytes = used;
  put(store, 5, large(5));
  await world.pass(100);
  assert.ok(store.isFailed);
  world.disk.capacityBytes = Number.POSITIVE_INFINITY;
  world.crash('all');
  const next = await world.open();
  const { store: again } = await world.until(next.open('s'));
  const { store: otherAgain } = await world.until(next.open('other'));
  assert.equal([again.last, otherAgain.last], [4, 20]);
});

test('D-1: what a checkpoint could not write is taken away without what was written behind it meanwhile', async () => {
  const world = new DriverWorld(1, { ...OPTIONS, dirtyBytesPerStore: 1e9 });
  const driver = await world.open();
  const store = await opened(world, driver, 's');
  for (let seq = 2; seq <= 3; seq++) {
    put(store, seq, large(seq));
    await world.pass(100);
  }
  put(store, 4, 'small');
  await world.pass(100);
  const { faults } = world.disk;
  let [hasFailed, isPut] = [false, false];
  faults.verdict = (operation, path) => {
    if (!path.endsWith('.blk')) return null;
    if (operation === 'write' && !hasFailed) {
      hasFailed = true;
      return 'EIO';
    }
    if (operation === 'open' && hasFailed && !isPut) {
      isPut = true;
      put(store, 5, large(5));
    }
    return null;
  };
  await world.until(driver.checkpoint(store).catch(() => {}));
  await world.pass(100);
  assert.equal([hasFailed, isPut, store.durableTicket], [true, true, store.journalStore.appended]);
  world.crash('all');
  const { store: again, report } = await reopened(world, 's');
  assert.equal(report.holes, []);
  assert.is(again.last, 5);
  for (const seq of [2, 3, 5]) assert.is(await bodyOf(world, again, seq), large(seq));
});

test('D-12: a store whose first checkpoint was interrupted is nobody unknown after a power cut', async () => {
  const world = new DriverWorld(1, OPTIONS);
  const driver = await world.open();
  const store = (await world.until(driver.open('s'))).store as FileStore;
  put(store, 1, 'small');
  await world.pass(20);
  world.disk.faults.verdict = (_, path) => (path.includes('/checkpoint.') ? 'EIO' : null);
  assert.not(await world.until(driver.checkpoint(store).then(Boolean.bind(null, true), () => false)));
  world.disk.faults.stop();
  world.crash('none');
  const { driver: next, store: again } = await reopened(world, 's');
  assert.equal([next.report!.setAside, next.care.damage], [[], []]);
  assert.is(await bodyOf(world, again, 1), 'small');
});

test.run();
