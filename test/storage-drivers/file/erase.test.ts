/** What erasing promises beyond removing, and lazy stores, and new keys. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type OpenOptions, Read, type RecordStore, Scan } from '../../../storage-drivers/contract.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
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

test('S-24: where everything is encrypted or compressed, the frames that held it are overwritten', async () => {
  const compression = 's2' as const;
  const key = Buffer.from('k');
  for (const [options, ofStore] of [
    [{ key }, {}],
    [{ compression }, {}],
    [{}, { compression }],
  ] as const) {
    const world = new DriverWorld(2, options);
    const { driver, store } = await filled(world, 1000, ofStore);
    await world.until(driver.checkpoint(store as never));
    const before = new Map([...world.disk.image()].filter(([path]) => path.endsWith('.blk')));
    await durable(world, store, store.erase(100, 100));
    const after = world.disk.image();
    const changed = [...before].filter(([path, bytes]) => {
      const now = after.get(path);
      return now === undefined || Buffer.compare(now, bytes) !== 0;
    });
    assert.is(changed.length, 1, 'the block that held it is another file now');
    assert.is((await sequences(world, store)).length, 999);
    world.crash('none');
    const again = await world.open();
    const { store: same } = await world.until(again.open('s'));
    assert.is((await sequences(world, same)).length, 999);
    assert.equal(await world.until(again.care.verify()), []);
    await world.until(again.close());
  }
});

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

test.run();
