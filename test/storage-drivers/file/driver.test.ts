/** What the file driver promises beyond what all drivers do. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Read, type RecordStore, Refused, Scan } from '../../../storage-drivers/contract.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const put = (store: RecordStore, seq: number, body: string) => store.append(seq, seq, 0, 0, messageOf(body));
const bodyOf = (seq: number) => `${seq} ${'b'.repeat((seq * 7) % 300)}`;

/** What is there, loading what is cold. */
async function contents(world: DriverWorld, store: RecordStore): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let next = 1; ; next = store.coldSequence) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      found.set(seq, Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString());
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

async function filled(world: DriverWorld, count: number): Promise<{ driver: FileDriver; store: RecordStore }> {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= count; seq++) {
    assert.ok(put(store, seq, bodyOf(seq)) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(300);
  return { driver, store };
}

async function reopened(world: DriverWorld): Promise<{ driver: FileDriver; store: RecordStore; isAmnesiac: boolean }> {
  const driver = await world.open();
  const { store, report } = await world.until(driver.open('s'));
  return { driver, store, isAmnesiac: report.isAmnesiac };
}

const blocksOf = (world: DriverWorld) => world.disk.paths.filter((path) => path.endsWith('.blk'));

test('what is in memory does not grow with what is on disk, beyond the index', async () => {
  const world = new DriverWorld(1);
  const { driver, store } = await filled(world, 4000);
  const { memoryBytes, diskBytes } = store.stats();
  assert.ok(diskBytes > 600_000, `${diskBytes}`);
  assert.ok(memoryBytes < 150_000, `${memoryBytes}`);
  assert.is((await contents(world, store)).size, 4000);
  assert.ok(store.stats().memoryBytes < 150_000);
  await world.until(driver.close());
});

test('who goes through a store finds most of it read by the time it is asked for, and may close it at any moment', async () => {
  const world = new DriverWorld(7, { cacheBytes: 400_000, blockBytes: 32_768, blockSlotsMax: 4096 });
  const first = await filled(world, 2000);
  await world.until(first.driver.close());
  const { driver, store } = await reopened(world);
  const load = (from: number): Promise<void> =>
    world.until(
      new Promise((resolve, reject) => store.load(from, store.last, (error) => (error ? reject(error) : resolve()))),
    );
  let loads = 0;
  for (let seq = 1; seq <= 2000; seq++) {
    if (store.read(seq) === Read.cold) {
      loads++;
      await load(seq);
      await world.pass(20);
      assert.is(store.read(seq), Read.found);
    }
    const { bytes, bodyStart, bodyEnd } = store.record;
    assert.is(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString(), bodyOf(seq));
  }
  const pieces = store.contentBytes / 8192;
  assert.ok(loads > 0 && loads < pieces / 3, `${loads} loads of ${pieces} pieces`);
  await world.until(driver.close());
  const again = await reopened(world);
  again.store.load(1, 2000, () => again.store.load(again.store.coldSequence + 1, 2000, () => {}));
  await world.until(again.driver.close());
  await world.pass(500);
  const whole = await reopened(world);
  assert.is((await contents(world, whole.store)).size, 2000);
  assert.equal(whole.driver.care.damage, []);
  await world.until(whole.driver.close());
});

test('S-26: blocks of which little is left are written anew, with the same records, and the old files go', async () => {
  const world = new DriverWorld(2, { blockBytes: 65_536, dirtyBytesPerStore: 80_000, dirtyBytesMax: 200_000 });
  const { driver, store } = await filled(world, 2000);
  const before = store.stats().diskBytes;
  for (let seq = 1; seq <= 2000; seq++) if (seq % 5 !== 0) store.remove(seq, seq);
  await world.until(driver.checkpoint(store as never));
  while (!driver.tidying.isIdle) await world.pass(50);
  assert.ok(driver.tidying.rewritten >= 5);
  assert.ok(store.stats().diskBytes < before / 2, `${store.stats().diskBytes} of ${before}`);
  const expected = new Map(Array.from({ length: 400 }, (_, index) => [5 * (index + 1), bodyOf(5 * (index + 1))]));
  assert.equal(await contents(world, store), expected);
  world.crash('none');
  const again = await reopened(world);
  assert.equal(await contents(world, again.store), expected);
  await world.until(again.driver.close());
});

test('S-3: messages that are removed at once never reach a block', async () => {
  const world = new DriverWorld(3);
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= 3000; seq++) {
    put(store, seq, bodyOf(seq));
    store.remove(seq, seq);
    if (seq % 50 === 0) await world.pass(10);
  }
  await world.until(driver.close());
  assert.equal(blocksOf(world), []);
});

test('D-16 S-5: a damaged record is a hole, and its neighbours are read', async () => {
  const world = new DriverWorld(4);
  const { driver } = await filled(world, 1000);
  await world.until(driver.close());
  const path = blocksOf(world)[2]!;
  const bytes = Buffer.from(world.disk.readFileSync(path));
  const at = bytes.indexOf(Buffer.from('subject'), 9000);
  const seq = Number(/\d+/.exec(bytes.toString('latin1', at, at + 20))![0]);
  world.disk.damage(path, (file) => {
    file[at + 9]! ^= 1;
  });
  const again = await reopened(world);
  const found = await contents(world, again.store);
  assert.is(found.size, 999);
  assert.not.ok(found.has(seq));
  assert.is(again.store.read(seq), Read.hole);
  assert.equal(await world.until(again.store.verify(1, 1000)), [{ from: seq, to: seq }]);
  assert.is(again.store.stats().holes, 1);
  again.store.remove(seq, seq);
  assert.is(again.store.read(seq), Read.gone);
  await world.until(again.driver.close());
});

test('D-14: a damaged index is made again from the frames', async () => {
  const world = new DriverWorld(5);
  const { driver, store } = await filled(world, 1000);
  store.remove(40, 60);
  await world.until(driver.checkpoint(store as never));
  await world.until(driver.close());
  for (const path of blocksOf(world)) {
    // The index is what stands last in the file of a full block.
    world.disk.damage(path, (bytes) => bytes.fill(0x33, bytes.length - 300));
  }
  const again = await reopened(world);
  const found = await contents(world, again.store);
  for (const [seq, body] of found) assert.is(body, bodyOf(seq));
  assert.not.ok(found.has(50), 'what was removed does not come back');
  assert.ok(found.size > 900, `${found.size}`);
  await world.until(again.driver.close());
});

test('D-14: one copy of a checkpoint may be damaged or gone', async () => {
  for (const [index, name] of ['checkpoint.1', 'checkpoint.2'].entries()) {
    const world = new DriverWorld(6 + index);
    const { driver } = await filled(world, 500);
    await world.until(driver.close());
    const path = world.disk.paths.find((each) => each.endsWith(name))!;
    if (index === 0) world.disk.damage(path, (bytes) => bytes.fill(1, 30, 60));
    else world.disk.lose(path);
    const again = await reopened(world);
    assert.is((await contents(world, again.store)).size, 500);
    assert.is(again.isAmnesiac, false);
    await world.until(again.driver.close());
  }
});

test('D-23: a directory has one owner, counts its openings, and knows whose it is', async () => {
  const world = new DriverWorld(9, { serverName: 'a' });
  const driver = await world.open();
  assert.is(
    await world.open().then(
      () => '',
      ({ code }) => code,
    ),
    'EBUSY',
  );
  await world.until(driver.close());
  const second = await world.open();
  assert.is(second.report!.incarnation, driver.report!.incarnation + 1);
  await world.until(second.close());
  (world.options as { serverName: string }).serverName = 'b';
  const refused = await world.open().catch(String);
  assert.match(refused as string, "belongs to the server 'a', not 'b': give this server a directory of its own");
});

test('S-32: with another key nothing is touched; the previous one is read, and new files get the new one', async () => {
  const [first, second] = [Buffer.from('the first key'), Buffer.from('the second key')];
  const world = new DriverWorld(10, { key: first });
  const { driver } = await filled(world, 300);
  await world.until(driver.close());
  const plain = Buffer.from('subject299');
  for (const path of world.disk.paths) assert.not.ok(Buffer.from(world.disk.readFileSync(path)).includes(plain), path);
  const options = world.options as { key: Uint8Array | null; previousKey: Uint8Array | null };
  const image = world.disk.image();
  for (const key of [second, null]) {
    options.key = key;
    const refused = await world.open().catch(String);
    assert.match(refused as string, 'is encrypted, and');
    const now = world.disk.image();
    for (const [path, bytes] of image) assert.equal(now.get(path), bytes, path);
  }
  Object.assign(options, { key: second, previousKey: first });
  const rotated = await reopened(world);
  assert.is((await contents(world, rotated.store)).size, 300);
  put(rotated.store, 301, bodyOf(301));
  await world.until(rotated.driver.close());
  world.crash('none');
  const again = await reopened(world);
  assert.is((await contents(world, again.store)).size, 301);
  await world.until(again.driver.close());
});

test('D-17: after a failed sync a store takes nothing, and is opened again without what was lost', async () => {
  const world = new DriverWorld(11);
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= 5; seq++) put(store, seq, bodyOf(seq));
  await world.pass(50);
  const failures: string[] = [];
  store.onDurable({ durable: () => {}, failed: (error) => failures.push(error.message) });
  world.disk.faults.failNext('datasync', 'EIO', (path) => path.includes('.seg'));
  put(store, 6, bodyOf(6));
  store.remove(1, 1);
  await world.pass(50);
  assert.is(failures.length, 1);
  assert.is(put(store, 7, bodyOf(7)), Refused.failed);
  await world.until(store.close());
  const again = (await world.until(driver.open('s'))).store;
  assert.equal([...(await contents(world, again)).keys()], [1, 2, 3, 4, 5]);
  assert.ok(put(again, 6, 'once more') > 0);
  await world.pass(50);
  world.crash('none');
  const last = await reopened(world);
  assert.equal([...(await contents(world, last.store)).keys()], [1, 2, 3, 4, 5, 6]);
  await world.until(last.driver.close());
});

test('D-20: a full disk refuses what grows, is told of, and goes on by itself', async () => {
  const world = new DriverWorld(12);
  const { driver, store } = await filled(world, 100);
  const told: string[] = [];
  driver.events = { room: (cause) => told.push(cause === null ? 'room' : 'full'), trouble: () => {} };
  world.disk.capacityBytes = [...world.disk.image().values()].reduce((sum, bytes) => sum + bytes.length, 0);
  let ticket = 1;
  for (let seq = 101; seq < 3000 && ticket > 0; seq++) {
    ticket = put(store, seq, bodyOf(seq));
    if (seq % 10 === 0) await world.pass(10);
  }
  assert.is(ticket, Refused.full);
  assert.ok(store.remove(1, 50) > 0);
  world.disk.capacityBytes = Infinity;
  await world.pass(5000);
  assert.ok(put(store, store.last + 1, 'again') > 0);
  assert.equal(told, ['full', 'room']);
  const { last, count } = store;
  await world.pass(100);
  world.crash('none');
  const again = await reopened(world);
  assert.equal([again.store.last, again.store.count], [last, count]);
  assert.is(again.driver.stats().stores, 1);
  await world.until(again.driver.close());
});

test('S-7: a store that was being destroyed when the power failed is gone afterwards', async () => {
  for (let steps = 0; steps < 12; steps++) {
    const world = new DriverWorld(100 + steps);
    const { store } = await filled(world, 300);
    await world.pass(1000);
    const destroyed = store.destroy().then(() => 'done');
    const durable = world.pass(20).catch(() => {});
    world.disk.stepsLeft = 2 + steps;
    await Promise.race([world.until(destroyed).catch(() => {}), durable]);
    world.crash('none');
    const driver = await world.open();
    assert.equal(driver.report!.setAside, [], 'D-12: it is known what became of it');
    const ids = await driver.list();
    if (ids.length === 0)
      assert.equal(
        world.disk.paths.filter((path) => path.includes('/stores/')),
        [],
      );
    else {
      const { store: kept } = await world.until(driver.open('s'));
      assert.is((await contents(world, kept)).size, 300);
    }
    await world.until(driver.close());
  }
});

test.run();
