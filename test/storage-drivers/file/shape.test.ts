/** The shape of the file store: what is shared, how much it takes, what is bounded, and what is in the clear. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { Read, type RecordStore } from '../../../storage-drivers/contract.ts';
import { FILE_DRIVER_DEFAULTS, journalSizes } from '../../../storage-drivers/file/driver-options.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';
import {
  bodyChecksum,
  headBytes,
  headSumAt,
  readFrameHead,
} from '../../../storage-drivers/file/journal/frame-format.ts';
import { FRAMES_START } from '../../../storage-drivers/file/journal/segment-format.ts';
import { viewOf } from '../../../storage-drivers/file/numbers.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const MIB = 1024 * 1024;
const bodyOf = (seq: number): string => `<secret ${seq}> ${'b'.repeat((seq * 7) % 300)}`;
const put = (store: RecordStore, seq: number) => store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));

test('S-1: the driver says what it can: records, a log, cells, and all that is asked of one', async () => {
  const world = new DriverWorld(1);
  const driver = await world.open();
  const { maxRecord, ...supports } = driver.supports;
  assert.equal(supports, {
    durable: 'power',
    groupCommit: true,
    detectsCorruption: 'chain',
    repair: true,
    log: true,
    erase: true,
    encryption: true,
    compression: true,
    exportResume: true,
    sharedJournal: true,
  });
  assert.ok(maxRecord >= 32 * MIB);
  await world.until(driver.close());
});

test('S-2 D-2: many stores write to one journal, and become durable with one sync', async () => {
  const world = new DriverWorld(2);
  const driver = await world.open();
  const stores: RecordStore[] = [];
  for (let index = 0; index < 50; index++) stores.push((await world.until(driver.open(`s${index}`))).store);
  await world.pass(100);
  const before = driver.stats().journal.commits;
  const told: number[] = [];
  for (const [index, store] of stores.entries()) {
    store.onDurable({ durable: () => void told.push(index), failed: () => {} });
    put(store, 1);
  }
  await world.pass(20);
  assert.is(told.length, 50, 'each store hears once');
  assert.ok(driver.stats().journal.commits - before <= 2, `${driver.stats().journal.commits - before} commits`);
  assert.equal(
    world.disk.paths.filter((path) => path.includes('/stores/')),
    [],
    'nothing is written to files of their own before that',
  );
  await world.until(driver.close());
});

test('S-8: the journal takes a tenth of what streams may take, at least four small segments, and two gigabytes at most', () => {
  const sizesOf = (bytesMax: number) => {
    const sizes = journalSizes({ ...FILE_DRIVER_DEFAULTS, directory: '', bytesMax });
    return [sizes.journalBytesMax / MIB, sizes.segmentBytes / MIB];
  };
  assert.equal(sizesOf(Number.POSITIVE_INFINITY), [2048, 64]);
  assert.equal(sizesOf(100 * 1024 * MIB), [2048, 64]);
  assert.equal(sizesOf(20_480 * MIB), [2048, 64]);
  assert.equal(sizesOf(10_000 * MIB), [1000, 64]);
  assert.equal(sizesOf(800 * MIB), [80, 20]);
  assert.equal(sizesOf(160 * MIB), [16, 4]);
  assert.equal(sizesOf(1), [16, 4]);
});

test('S-8: a journal that is small because the store is stays so, whatever is written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-small-'));
  const driver = await openFileDriver(systemPorts(), { directory, bytesMax: 100 * MIB, scrubIntervalMs: 0 });
  try {
    const { store } = await driver.open('s');
    const message = messageOf('x'.repeat(10_000));
    for (let seq = 1; seq <= 6000; ) {
      if (store.append(seq, 1, 0, 0, message) > 0) seq++;
      else await new Promise((resolve) => setImmediate(resolve));
      if (seq % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const segments = readdirSync(join(directory, 'journal')).filter((name) => name.endsWith('.seg'));
    assert.ok(segments.length <= 5, segments.join());
  } finally {
    await driver.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('S-10: a small write beside one that never ends is durable soon', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-fair-'));
  const driver = await openFileDriver(systemPorts(), { directory, scrubIntervalMs: 0 });
  const [bulk, small] = [(await driver.open('bulk')).store, (await driver.open('small')).store];
  const message = messageOf('b'.repeat(1000));
  let isOver = false;
  const flood = async (): Promise<void> => {
    for (let seq = 1; !isOver; ) {
      for (let count = 0; count < 500 && bulk.append(seq, 1, 0, 0, message) > 0; count++) seq++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const flooding = flood();
  try {
    const waits: number[] = [];
    for (let seq = 1; seq <= 60; seq++) {
      const begun = performance.now();
      const ticket = put(small, seq);
      assert.ok(ticket > 0, 'it is not refused because another filled the queue');
      while (small.durableTicket < ticket) await new Promise((resolve) => setImmediate(resolve));
      waits.push(performance.now() - begun);
    }
    waits.sort((one, other) => one - other);
    // 20 ms where nobody else uses the disk.
    assert.ok(waits[Math.floor(waits.length / 2)]! < 250, `${waits[30]} ms in the middle`);
  } finally {
    isOver = true;
    await flooding;
    await driver.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('S-15 D-21: ten thousand stores are open at once with few files and little memory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-many-'));
  const driver = await openFileDriver(systemPorts(), { directory, scrubIntervalMs: 0 });
  try {
    const names = Array.from({ length: 10_000 }, (_, index) => `store ${index}`);
    const stores = (await Promise.all(names.map((name) => driver.open(name)))).map(({ store }) => store);
    for (const store of stores) while (put(store, 1) < 0) await new Promise((resolve) => setImmediate(resolve));
    while (stores.some((store) => store.durableTicket < 1)) await new Promise((resolve) => setImmediate(resolve));
    for (const store of stores) assert.ok(store.stats().memoryBytes < 64 * 1024);
    assert.ok(driver.stats().openFiles <= 512);
  } finally {
    await driver.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

async function withBlocks(world: DriverWorld, count = 1500) {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= count; seq++) {
    assert.ok(put(store, seq) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.until(driver.checkpoint(store as never));
  await world.until(driver.close());
}

const load = (world: DriverWorld, store: RecordStore, seq: number) =>
  world.until(new Promise<Error | null>((done) => store.load(seq, seq, (error) => done(error))));

test('D-21: no more block files are open than allowed, and where there are none left others are closed first', async () => {
  const world = new DriverWorld(5, { openFilesMax: 4 });
  await withBlocks(world);
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= 1500; seq += 60) {
    world.disk.faults.failNext('open', seq % 120 === 1 ? 'EMFILE' : 'ENFILE', (path) => path.endsWith('.blk'));
    // With nothing else open there is nothing to close: it is an error, and no hole.
    const error = store.read(seq) === Read.cold ? await load(world, store, seq) : null;
    if (error !== null) assert.is(await load(world, store, seq), null);
    assert.is(store.read(seq), Read.found, `${seq}`);
    assert.ok(driver.stats().openFiles <= 4);
  }
  assert.equal(driver.care.damage, []);
  await world.until(driver.close());
});

test('D-21: reads that are under way at once wait for each other where files are short', async () => {
  const world = new DriverWorld(6, { openFilesMax: 2 });
  await withBlocks(world);
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  const seqs = [50, 400, 750, 1100, 1450];
  for (let count = 0; count < 3; count++) world.disk.faults.failNext('open', 'EMFILE', (path) => path.endsWith('.blk'));
  const errors = await Promise.all(seqs.map((seq) => load(world, store, seq)));
  assert.ok(errors.filter((error) => error !== null).length <= 1, errors.join());
  assert.equal(driver.care.damage, []);
  await world.until(driver.close());
});

test('S-31: no key is used in two files, nor in two lives of one', async () => {
  const world = new DriverWorld(8, { key: Buffer.from('k') });
  const seen = new Map<string, string>();
  for (let life = 1; life <= 6; life++) {
    const driver = await world.open();
    const { store } = await world.until(driver.open('s'));
    for (let count = 0; count < 300; count++) {
      put(store, store.last + 1);
      if (count % 50 === 0) await world.pass(20);
    }
    for (const [path, bytes] of world.disk.image()) {
      if (!/\.(seg|blk)$/.test(path) || bytes.every((byte) => byte === 0)) continue;
      const [generation, key] = [
        viewOf(bytes).getBigUint64(8, true),
        Buffer.from(bytes.subarray(68, 128)).toString('hex'),
      ];
      const file = `${path.replace(/\d+\.seg$/, 'seg')} ${generation}`;
      assert.is(seen.get(key) ?? file, file, 'one key, one file and one generation of it');
      seen.set(key, file);
    }
    if (life % 2 === 0) await world.until(driver.close());
    else world.crash((['none', 'all', 'subset'] as const)[life % 3]!);
  }
  assert.ok(seen.size > 12, `${seen.size} keys`);
  const fewer = new Set([...seen.values()]);
  assert.is(fewer.size, seen.size, 'a file and its generation have one key');
});

test('S-33: nothing that users wrote is in the clear: messages, cells, names, in journal, blocks, checkpoints and quarantine', async () => {
  const world = new DriverWorld(9, { key: Buffer.from('k') });
  const driver = await world.open();
  for (const id of ['SECRET-ID-1', 'SECRET-ID-2']) {
    const { store } = await world.until(driver.open(id));
    for (let seq = 1; seq <= 300; seq++) put(store, seq);
    store.cells.put('SECRET-CELL', Buffer.from('SECRET-VALUE'));
    await world.pass(100);
    await world.until(driver.checkpoint(store as never));
    for (let seq = 301; seq <= 310; seq++) put(store, seq);
    await world.pass(100);
    await world.until(store.close());
  }
  await world.until(driver.setAside('SECRET-ID-1', 'a test'));
  const looked = new Set<string>();
  for (const [path, bytes] of world.disk.image()) {
    looked.add(path.slice(0, 16).replace(/\d+.*/, ''));
    const text = Buffer.from(bytes).toString('latin1');
    for (const secret of ['<secret', 'SECRET', 'subject'])
      assert.not.ok(text.includes(secret), `'${secret}' in ${path}`);
  }
  assert.ok(
    ['/data/journal/', '/data/stores/', '/data/quarantin'].every((place) =>
      [...looked].some((path) => path.startsWith(place)),
    ),
  );
  await world.until(driver.close());
});

test('S-35: what does not authenticate is damage, also where its checksum fits', async () => {
  const world = new DriverWorld(10, { key: Buffer.from('k') });
  await withBlocks(world);
  const path = world.disk.paths.filter((each) => each.endsWith('.blk'))[1]!;
  world.disk.damage(path, (bytes) => {
    const view = viewOf(bytes);
    const family = { uuid: bytes.slice(16, 32), generation: Number(view.getBigUint64(8, true)) };
    const { length } = readFrameHead(bytes, view, FRAMES_START, family)!;
    const [from, end] = [FRAMES_START + headBytes(1), FRAMES_START + length - 4];
    bytes[from + 100]! ^= 1;
    view.setUint32(end, bodyChecksum(bytes, from, end, headSumAt(view, FRAMES_START)), true);
  });
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  assert.ok((await world.until(store.verify(1, 1500))).length > 0);
  const [damage] = driver.care.damage;
  assert.equal([damage!.path, damage!.cause, damage!.from], [path, 'checksum', FRAMES_START]);
  for (const { from } of damage!.lost) assert.is(store.read(from), Read.hole);
  await world.until(driver.close());
});

test.run();
