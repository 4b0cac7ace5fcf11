/** What is found in a directory and belongs to nothing that is known: set aside with a reason, and never deleted (D-12). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type RecordStore, Scan } from '../../../storage-drivers/contract.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { quarantineEntries, removeEntry } from '../../../storage-drivers/file/quarantine.ts';
import { openBox } from '../../../storage-drivers/file/sealed-box.ts';
import { orphansPlace } from '../../../storage-drivers/file/strangers.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const bodyOf = (seq: number) => `<body ${seq}> ${'b'.repeat((seq * 7) % 300)}`;
const QUARANTINE = '/data/quarantine';

async function fill(world: DriverWorld, driver: FileDriver, id: string, count: number): Promise<RecordStore> {
  const { store } = await world.until(driver.open(id));
  for (let seq = store.last + 1; seq <= count; seq++) {
    assert.ok(store.append(seq, seq, 0, 0, messageOf(bodyOf(seq))) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(300);
  return store;
}

async function countOf(world: DriverWorld, store: RecordStore): Promise<number> {
  let [found, next] = [0, 1];
  for (;;) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      assert.is(Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString(), bodyOf(seq));
      next = seq + 1;
      return ++found > 0;
    });
    if (end !== Scan.cold) return found;
    const from = store.coldSequence;
    await world.until(new Promise<void>((done) => store.load(from, from + 50, () => done())));
  }
}

/** One that nothing in the journal is left of, and others that fill it. */
async function withOldStore(world: DriverWorld): Promise<void> {
  const driver = await world.open();
  const store = await fill(world, driver, 'old', 500);
  await world.until(driver.checkpoint(store as never));
  for (let round = 0; round < 30; round++) {
    const other = await fill(world, driver, `other ${round}`, 60);
    await world.until(driver.checkpoint(other as never));
  }
  await world.until(driver.close());
}

const within = (world: DriverWorld, folder: string) =>
  new Map([...world.disk.image()].filter(([path]) => path.startsWith(`${folder}/`)));

const named = (files: ReadonlyMap<string, Uint8Array>) =>
  new Map([...files].map(([path, bytes]) => [path.slice(path.lastIndexOf('/') + 1), Buffer.from(bytes)]));

const entriesOf = (world: DriverWorld) => world.until(quarantineEntries(world.disk, QUARANTINE));

function damageCheckpoints(world: DriverWorld, number: number): void {
  for (const path of world.disk.paths.filter((each) => each.includes(`/stores/${number}/checkpoint`))) {
    world.disk.damage(path, (bytes) => bytes.fill(7, 30, 60));
  }
}

test('D-12: a folder whose checkpoints are both damaged is set aside whole, with the reason, and the rest is served', async () => {
  const world = new DriverWorld(1);
  await withOldStore(world);
  damageCheckpoints(world, 1);
  const before = named(within(world, '/data/stores/1'));
  const again = await world.open();
  const [entry, ...more] = await entriesOf(world);
  assert.equal(more, []);
  const kept = named(within(world, entry!.path));
  assert.match(
    kept.get('reason.txt')!.toString(),
    /^2025-\d\d-\d\dT[^\n]+Z\nstores\/1 has no checkpoint that is whole/,
  );
  kept.delete('reason.txt');
  assert.equal(kept, before, 'byte for byte');
  assert.is(within(world, '/data/stores/1').size, 0);
  assert.equal(again.report!.setAside, [{ path: entry!.path, reason: entry!.reason.split('\n')[1]! }]);
  assert.equal(
    again.care.damage.map(({ part, path }) => [part, path]),
    [['folder', entry!.path]],
  );
  assert.not.ok((await again.list()).includes('old'));
  assert.is(await countOf(world, await fill(world, again, 'other 3', 60)), 60);
  await world.until(again.close());
  const later = await world.open();
  assert.equal([later.report!.setAside, later.report!.quarantined], [[], 1]);
  await world.until(later.close());
});

test('D-12: a store that is set aside is gone from the driver at any moment the power fails, or is there, and never half', async () => {
  for (let steps = 0; steps < 24; steps++) {
    const world = new DriverWorld(200 + steps);
    const driver = await world.open();
    const store = await fill(world, driver, 's', 300);
    await world.until(store.close());
    world.disk.stepsLeft = 1 + steps;
    await world.until(driver.setAside('s', 'a test')).catch(() => {});
    world.crash((['none', 'all', 'subset'] as const)[steps % 3]!);
    const again = await world.open();
    const inQuarantine = named(new Map([...world.disk.image()].filter(([path]) => path.startsWith(QUARANTINE))));
    if ((await again.list()).includes('s')) {
      const { store: kept, report } = await world.until(again.open('s'));
      assert.equal([await countOf(world, kept), report.holes], [300, []], `after ${steps} steps`);
    } else {
      const text = [...inQuarantine.values()].map((bytes) => bytes.toString('latin1')).join('');
      for (let seq = 1; seq <= 300; seq++) assert.ok(text.includes(bodyOf(seq)), `${seq} after ${steps} steps`);
    }
    world.disk.stepsLeft = Number.POSITIVE_INFINITY;
    await world.until(again.close());
  }
});

test('D-12 D-11: blocks that no checkpoint names go where the journal is whole, and are set aside where a part of it is lost', async () => {
  for (const isDamaged of [false, true]) {
    const world = new DriverWorld(3, { dirtyBytesAtClose: 1_000_000, dirtyBytesPerStore: 50_000 });
    const driver = await world.open();
    const store = await fill(world, driver, 's', 500);
    await world.until(driver.checkpoint(store as never));
    await fill(world, driver, 'other', 3);
    for (let seq = 501; seq <= 560; seq++) store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));
    await world.pass(100);
    await world.until(driver.close());
    // As a crash leaves it between the blocks of a checkpoint and the checkpoint.
    const stray = '/data/stores/1/00000099.blk';
    await world.until(world.disk.writeFile(stray, world.disk.readFileSync('/data/stores/1/00000001.blk')));
    for (const path of isDamaged ? world.disk.paths.filter((each) => each.endsWith('.seg')) : []) {
      const at = Buffer.from(world.disk.readFileSync(path)).indexOf(bodyOf(530));
      if (at >= 0) world.disk.damage(path, (bytes) => bytes.fill(0, at, at + 5));
    }
    const again = await world.open();
    assert.not.ok(world.disk.paths.includes(stray));
    const entries = await entriesOf(world);
    assert.is(entries.length, isDamaged ? 1 : 0);
    for (const { path, reason, files } of entries) {
      assert.match(reason, 'blocks of stores/1 that its checkpoint does not name, while a part of the journal is lost');
      assert.is(files, 1);
      assert.equal(
        world.disk.readFileSync(`${path}/00000099.blk`),
        world.disk.readFileSync('/data/stores/1/00000001.blk'),
      );
    }
    await world.until(again.close());
  }
});

test('D-12: what the journal holds of a store whose folder is gone is kept, and told once', async () => {
  for (const key of [null, Buffer.from('k')]) {
    const world = new DriverWorld(4, { dirtyBytesAtClose: 1_000_000, key });
    await withOldStore(world);
    const driver = await world.open();
    await fill(world, driver, 'old', 520);
    const uuid = (driver as unknown as { world: { uuid: Uint8Array } }).world.uuid;
    await world.until(driver.close());
    for (const path of within(world, '/data/stores/1').keys()) world.disk.lose(path);
    const again = await world.open();
    const keys = (again as unknown as { world: { keys: null } }).world.keys;
    const [entry] = await entriesOf(world);
    assert.match(entry!.reason, /\d+ writes in the journal for stores\/1, of which nothing else is known/);
    const box = world.disk.readFileSync(`${entry!.path}/operations`);
    assert.is(Buffer.from(box).includes(bodyOf(510)), key === null, 'encrypted as all else is');
    const content = Buffer.from(openBox(box, orphansPlace(1), uuid, keys)!);
    for (let seq = 501; seq <= 520; seq++) assert.ok(content.includes(bodyOf(seq)), `${seq}`);
    world.crash('none');
    const later = await world.open();
    assert.is((await entriesOf(world)).length, 1, 'it is not kept twice');
    await world.until(later.close());
  }
});

test('D-12: what can not be moved on a full disk stays where it is, and the rest is served', async () => {
  const world = new DriverWorld(5);
  await withOldStore(world);
  damageCheckpoints(world, 1);
  const before = within(world, '/data/stores/1');
  for (let count = 0; count < 9; count++) {
    world.disk.faults.failNext('write', 'ENOSPC', (path) => path.startsWith(QUARANTINE));
  }
  const again = await world.open();
  assert.equal(again.report!.unreadable, ['/data/stores/1']);
  assert.equal(within(world, '/data/stores/1'), before);
  assert.is(await countOf(world, await fill(world, again, 'other 3', 60)), 60);
  await world.until(again.close());
});

test('D-12: what the disk refuses to read is left where it is', async () => {
  const world = new DriverWorld(6);
  await withOldStore(world);
  for (let count = 0; count < 8; count++) {
    world.disk.faults.failNext('read', 'EIO', (path) => path.includes('/stores/1/checkpoint'));
  }
  const again = await world.open();
  assert.equal(again.report!.unreadable, ['/data/stores/1']);
  assert.equal(await entriesOf(world), []);
  await world.until(again.close());
  const later = await world.open();
  assert.is(await countOf(world, await fill(world, later, 'old', 500)), 500);
  await world.until(later.close());
});

test('D-12: an entry is removed only by itself, when somebody says so', async () => {
  const world = new DriverWorld(7);
  const driver = await world.open();
  for (const id of ['a', 'b']) await world.until((await fill(world, driver, id, 100)).close());
  for (const id of ['a', 'b']) await world.until(driver.setAside(id, 'a test'));
  const [one, other] = await entriesOf(world);
  await world.until(removeEntry(world.disk, one!));
  assert.equal(await entriesOf(world), [other]);
  await world.until(driver.close());
});

const HOUR_MS = 3_600_000;

test('D-12: where it was configured how long, what was set aside goes after that, and not before', async () => {
  const world = new DriverWorld(11, { quarantineKeepMs: 5 * HOUR_MS });
  await withOldStore(world);
  damageCheckpoints(world, 1);
  await world.until((await world.open()).close());
  assert.is((await entriesOf(world)).length, 1);
  const driver = await world.open();
  const removed: string[] = [];
  driver.quarantine.onRemoved = (path) => void removed.push(path);
  await world.pass(4 * HOUR_MS);
  assert.is((await entriesOf(world)).length, 1, 'not before its time');
  await world.pass(2 * HOUR_MS);
  assert.is((await entriesOf(world)).length, 0);
  assert.is(removed.length, 1);
  await world.until(driver.close());
});

test('D-12: what was set aside stays, however old it is, where nobody said how long, or something else is damaged', async () => {
  for (const [options, isDamaged] of [
    [{}, false],
    [{ quarantineKeepMs: HOUR_MS }, true],
  ] as const) {
    const world = new DriverWorld(12, options);
    await withOldStore(world);
    damageCheckpoints(world, 1);
    await world.until((await world.open()).close());
    if (isDamaged) damageCheckpoints(world, 2);
    const driver = await world.open();
    await world.pass(30 * HOUR_MS);
    assert.ok((await entriesOf(world)).length >= 1);
    await world.until(driver.close());
  }
});

test.run();
