/** Large messages with a sync interval: they are written once, to their block, and the journal only speaks of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Read, Refused } from '../../../storage-drivers/contract.ts';
import { blockPath } from '../../../storage-drivers/file/blocks/block-file.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileStore } from '../../../storage-drivers/file/file-store.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const OPTIONS: Partial<FileDriverOptions> = {
  syncIntervalMs: 120_000,
  blockBytes: 65_536,
  placedBytesMin: 1000,
  placedBytesPerStore: 1e9,
  placedBytesMax: 1e9,
  queueBytesMax: 1e9,
};
const large = (seq: number): string => `<${seq}>${'x'.repeat(5000)}`;
const put = (store: FileStore, seq: number, body: string) => store.append(seq, seq, 0, 0, messageOf(body));

/** A store with a folder of its own. */
async function opened(options: Partial<FileDriverOptions> = {}) {
  const world = new DriverWorld(1, { ...OPTIONS, ...options });
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  put(store as FileStore, 1, 'small');
  await world.until(driver.checkpoint(store as FileStore));
  return { world, driver, store: store as FileStore };
}

async function reopened(world: DriverWorld) {
  const driver = await world.open();
  const { store, report } = await world.until(driver.open('s'));
  return { driver, store: store as FileStore, report };
}

/** What the message holds. */
async function bodyOf(world: DriverWorld, store: FileStore, seq: number): Promise<string> {
  if (store.read(seq) === Read.cold) await world.until(new Promise((done) => store.load(seq, seq, done)));
  if (store.read(seq) !== Read.found) return '';
  const { bytes, bodyStart, bodyEnd } = store.record;
  return Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString();
}

test('S-3: a large message goes to its block, and not through the journal', async () => {
  const { world, driver, store } = await opened();
  const before = driver.stats().journal.bytes;
  for (let seq = 2; seq <= 41; seq++) put(store, seq, seq % 4 === 0 ? 'small' : large(seq));
  await world.pass(100);
  assert.is(store.durableTicket, store.journalStore.appended);
  const { placed, journal } = driver.stats();
  assert.is(placed.records, 30);
  assert.ok(placed.bytes > 150_000 && placed.bytes < 170_000, `${placed.bytes} bytes of blocks`);
  assert.ok(journal.bytes - before < 10_000, `${journal.bytes - before} bytes of the journal`);
  assert.is(await bodyOf(world, store, 5), large(5));
  await world.until(driver.close());
  world.crash('none');
  const { store: again } = await reopened(world);
  assert.equal([again.count, await bodyOf(world, again, 41), await bodyOf(world, again, 8)], [41, large(41), 'small']);
});

test('D-1: where syncs are waited for, all goes through the journal', async () => {
  const { world, driver, store } = await opened({ syncIntervalMs: 0 });
  for (let seq = 2; seq <= 10; seq++) put(store, seq, large(seq));
  await world.pass(100);
  assert.is(driver.stats().placed.records, 0);
  assert.ok(driver.stats().journal.bytes > 45_000);
  await world.until(driver.close());
});

test('after the end of the process large messages are found where they are, and are not written once more', async () => {
  const { world, store } = await opened();
  for (let seq = 2; seq <= 41; seq++) put(store, seq, large(seq));
  await world.pass(100);
  world.crash('all');
  const { driver, store: again, report } = await reopened(world);
  assert.equal([again.count, report.holes, driver.care.damage], [41, [], []]);
  assert.ok(again.blocks.dirtyBytes < 5000, 'they are not in memory');
  await world.until(driver.checkpoint(again));
  assert.equal([driver.stats().placed.bytes, driver.stats().rewrittenBlocks], [0, 0]);
  for (let seq = 2; seq <= 41; seq++) assert.is(await bodyOf(world, again, seq), large(seq));
  await world.until(driver.close());
  world.crash('none');
  assert.is((await reopened(world)).store.count, 41);
});

test('D-10 D-16: a message that the journal speaks of, and that is nowhere although it was synced, is told lost', async () => {
  const { world, driver, store } = await opened();
  for (let seq = 2; seq <= 41; seq++) put(store, seq, large(seq));
  await world.pass(100);
  await world.until(driver.journal.syncNow());
  const { number, base, lastSeq } = store.blocks.blocks[1]!;
  world.disk.lose(blockPath(store.directory, number));
  world.crash('all');
  const { driver: next, store: again, report } = await reopened(world);
  assert.equal(report.holes, [{ from: base, to: lastSeq }]);
  assert.is(again.count, 41 - (lastSeq - base + 1));
  assert.is(
    next.care.damage.reduce((sum, { records }) => sum + records, 0),
    lastSeq - base + 1,
  );
  assert.is(await bodyOf(world, again, 2), large(2));
  assert.is(await bodyOf(world, again, 41), large(41));
});

test('D-13: what was never synced and is not there any more is no damage, and ends the journal', async () => {
  const { world, store } = await opened();
  for (let seq = 2; seq <= 41; seq++) {
    put(store, seq, large(seq));
    if (seq % 5 === 0) await world.pass(20);
  }
  await world.pass(100);
  const { number, base } = store.blocks.blocks[1]!;
  world.crash('all');
  world.disk.lose(blockPath(store.directory, number));
  const { driver, store: again, report } = await reopened(world);
  assert.equal([report.holes, driver.care.damage, report.isAmnesiac], [[], [], false]);
  assert.ok(again.last < base + 5 && again.last >= 5, `the last one is ${again.last}, the block began with ${base}`);
});

test('what no checkpoint knows of is bounded: more is refused until there is one, and counted', async () => {
  const { world, driver, store } = await opened({ placedBytesMax: 30_000 });
  let taken = 1;
  while (put(store, taken + 1, large(taken + 1)) > 0) taken++;
  assert.is(taken, 6);
  assert.is(put(store, taken + 1, large(taken + 1)), Refused.full);
  assert.ok(driver.isBehind);
  assert.equal([driver.stats().placed.refusals, driver.stats().placed.unsavedBytes > 25_000], [2, true]);
  await world.pass(500);
  assert.is(driver.stats().placed.unsavedBytes, 0);
  assert.ok(put(store, taken + 1, large(taken + 1)) > 0);
  await world.until(driver.close());
});

test.run();
