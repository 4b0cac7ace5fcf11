/** What a simulated disk loses, and how it fails. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpenFile } from '../../../kernel/ports/ports.ts';
import type { SimulatedDisk } from '../../../kernel/ports/simulated-disk.ts';
import { createSimulation, type Simulation } from '../../../kernel/ports/simulated-ports.ts';

const PATH = '/data/file';

interface World {
  sim: Simulation;
  disk: SimulatedDisk;
}

/** A disk with one file of four sectors of `a`, all of it synced. */
async function createWorld(seed = 1): Promise<World> {
  const sim = createSimulation(seed);
  const { disk } = sim.ports;
  await sim.until(disk.makeDirectory('/data'));
  await sim.until(disk.syncDirectory('/'));
  disk.put(PATH, Buffer.alloc(2048, 'a'));
  return { sim, disk };
}

const write = (file: OpenFile, bytes: Uint8Array, position: number) =>
  new Promise<void>((resolve, reject) => file.write([bytes], position, (error) => (error ? reject(error) : resolve())));
const sync = (file: OpenFile) =>
  new Promise<void>((resolve, reject) => file.datasync((error) => (error ? reject(error) : resolve())));
const codeOf = (error: NodeJS.ErrnoException) => error.code;

/** One letter per sector. */
const sectors = (disk: SimulatedDisk, path = PATH) =>
  Buffer.from(disk.readFileSync(path))
    .toString('latin1')
    .replaceAll(/(.)\1{511}/gs, '$1');

test('a power cut takes what was not synced, sector by sector, as it is told', async () => {
  const outcomes = new Set<string>();
  for (let mask = 0; mask < 8; mask++) {
    const { sim, disk } = await createWorld();
    const file = await sim.until(disk.open(PATH, 'update'));
    await sim.until(write(file, Buffer.alloc(512, 'b'), 0));
    await sim.until(sync(file));
    await sim.until(write(file, Buffer.alloc(1024, 'c'), 512));
    await sim.until(write(file, Buffer.alloc(512, 'd'), 2048));
    assert.is(sectors(disk), 'bccad');
    assert.is(disk.unsyncedParts, 3);
    disk.restart((part) => (mask & (1 << part)) !== 0);
    outcomes.add(sectors(disk));
  }
  assert.equal([...outcomes].sort(), ['baaa', 'baaad', 'baca', 'bacad', 'bcaa', 'bcaad', 'bcca', 'bccad']);
});

test('all, none or the beginning of what was not synced can be kept', async () => {
  const seen = {
    none: new Set<string>(),
    all: new Set<string>(),
    prefix: new Set<string>(),
    subset: new Set<string>(),
  };
  for (const fate of ['none', 'all', 'prefix', 'subset'] as const) {
    for (let seed = 0; seed < 60; seed++) {
      const { sim, disk } = await createWorld(seed);
      const file = await sim.until(disk.open(PATH, 'update'));
      for (const [index, letter] of ['b', 'c', 'd'].entries())
        await sim.until(write(file, Buffer.alloc(512, letter), index * 512));
      disk.restart(fate);
      seen[fate].add(sectors(disk));
    }
  }
  assert.equal([...seen.none], ['aaaa']);
  assert.equal([...seen.all], ['bcda']);
  assert.equal([...seen.prefix].sort(), ['aaaa', 'baaa', 'bcaa', 'bcda']);
  assert.is(seen.subset.size, 8);
});

test('names are lost until their directory is synced, whatever was done to the files', async () => {
  const { sim, disk } = await createWorld();
  const file = await sim.until(disk.open('/data/new', 'create'));
  await sim.until(write(file, Buffer.from('text'), 0));
  await sim.until(sync(file));
  await sim.until(disk.rename('/data/file', '/data/renamed'));
  assert.equal(disk.paths, ['/data/new', '/data/renamed']);
  disk.restart('none');
  assert.equal(disk.paths, ['/data/file']);
  await sim.until(disk.rename('/data/file', '/data/renamed'));
  await sim.until(disk.syncDirectory('/data'));
  await sim.until(disk.remove('/data/renamed'));
  disk.restart('none');
  assert.equal(disk.paths, ['/data/renamed']);
  assert.is(sectors(disk, '/data/renamed'), 'aaaa');
});

test('a directory that was moved takes its files along, or stays with them', async () => {
  const { sim, disk } = await createWorld();
  await sim.until(disk.rename('/data', '/moved'));
  assert.equal(disk.paths, ['/moved/file']);
  disk.restart('none');
  assert.equal(disk.paths, ['/data/file']);
  await sim.until(disk.rename('/data', '/moved'));
  disk.restart('all');
  assert.equal(disk.paths, ['/moved/file']);
});

test('a write under way when the power fails is torn anywhere, and never answered', async () => {
  const { sim, disk } = await createWorld();
  const file = await sim.until(disk.open(PATH, 'update'));
  file.write([Buffer.alloc(512, 'b'), Buffer.alloc(512, 'c')], 0, () => assert.unreachable('it was answered'));
  disk.restart((part) => part === 1);
  assert.is(sectors(disk), 'acaa');
  await sim.run();
});

test('the power fails before any step it is told to, and a replaced file is old or new after each', async () => {
  const outcomes: string[] = [];
  for (let stepsLeft = 0; ; stepsLeft++) {
    const { sim, disk } = await createWorld();
    let cuts = 0;
    let isDone = false;
    disk.stepsLeft = stepsLeft;
    disk.onPowerCut = () => cuts++;
    disk.writeFile(PATH, 'new').then(() => {
      isDone = true;
    });
    await sim.run(100);
    assert.is(cuts, isDone ? 0 : 1);
    disk.restart('none');
    outcomes.push(sectors(disk));
    if (isDone) break;
  }
  assert.equal(outcomes, [...Array(outcomes.length - 1).fill('aaaa'), 'new']);
  assert.ok(outcomes.length > 4);
});

test('what a failed sync covered is lost although a later sync succeeds', async () => {
  const { sim, disk } = await createWorld();
  const file = await sim.until(disk.open(PATH, 'update'));
  await sim.until(write(file, Buffer.alloc(512, 'b'), 0));
  disk.faults.failNext('datasync', 'EIO');
  assert.is(await sim.until(sync(file).then(() => '', codeOf)), 'EIO');
  assert.is(sectors(disk), 'baaa', 'the pages look clean');
  await sim.until(sync(file));
  disk.restart('all');
  assert.is(sectors(disk), 'aaaa');
});

test('a sync covers what was written before it began, and nothing later', async () => {
  const { sim, disk } = await createWorld();
  const file = await sim.until(disk.open(PATH, 'update'));
  await sim.until(write(file, Buffer.alloc(512, 'b'), 0));
  disk.faults.rates.slow = 1;
  const synced = sync(file);
  disk.faults.rates.slow = 0;
  await sim.until(write(file, Buffer.alloc(512, 'c'), 512));
  await sim.until(synced);
  disk.restart('none');
  assert.is(sectors(disk), 'baaa');
});

test('a full disk refuses what grows, takes the rest, and goes on after relief', async () => {
  const { sim, disk } = await createWorld();
  disk.capacityBytes = 3000;
  const file = await sim.until(disk.open(PATH, 'update'));
  assert.is(await sim.until(write(file, Buffer.alloc(1024, 'b'), 2048).then(() => '', codeOf)), 'ENOSPC');
  await sim.until(write(file, Buffer.alloc(1024, 'b'), 1024));
  assert.is(await sim.until(file.truncate(4000).then(() => '', codeOf)), 'ENOSPC');
  disk.capacityBytes = 4000;
  await sim.until(write(file, Buffer.alloc(1024, 'c'), 2048));
  assert.is(sectors(disk), 'aabbcc');
});

test('each kind of fault happens when its rate says so, and is counted', async () => {
  const { sim, disk } = await createWorld(5);
  const { rates, happened } = disk.faults;
  const file = await sim.until(disk.open(PATH, 'update'));
  const block = Buffer.alloc(1024, 'b');
  const strike = async (fault: keyof typeof rates, what: () => Promise<unknown>) => {
    rates[fault] = 1;
    const outcome = await sim.until(what().then(() => 'done', codeOf));
    rates[fault] = 0;
    assert.is(happened[fault], 1, fault);
    return outcome;
  };
  const reading = () => new Promise((resolve, reject) => file.read(block, 0, (e, n) => (e ? reject(e) : resolve(n))));
  assert.is(await strike('readError', reading), 'EIO');
  assert.is(await strike('writeError', () => write(file, block, 0)), 'EIO');
  assert.is(await strike('shortWrite', () => write(file, block, 0)), 'EIO');
  assert.is(await strike('shortRead', reading), 'done');
  assert.is(await strike('lostWrite', () => write(file, Buffer.alloc(512, 'l'), 0)), 'done');
  assert.is.not(sectors(disk)[0], 'l');
  assert.is(await strike('misdirectedWrite', () => write(file, Buffer.alloc(512, 'm'), 0)), 'done');
  assert.match(sectors(disk), 'm');
  assert.is(await strike('staleSector', () => write(file, Buffer.alloc(8192, 's'), 0)), 'done');
  assert.ok(Buffer.from(disk.readFileSync(PATH)).filter((byte) => byte === 115).length < 8192);
  assert.is(await strike('syncError', () => sync(file)), 'EIO');
  await sim.until(write(file, Buffer.alloc(512, 'z'), 0));
  assert.is(await strike('lyingSync', () => sync(file)), 'done');
  const before = sim.clock.monotonic();
  await strike('slow', () => sync(file));
  assert.ok(sim.clock.monotonic() - before > 2);
});

test('rot, loss, and an old copy of the disk', async () => {
  const { disk } = await createWorld();
  const image = disk.image();
  disk.damage(PATH, (bytes) => bytes.fill(98, 512, 1024));
  assert.is(sectors(disk), 'abaa');
  disk.cutFile(PATH, 1024);
  disk.restart('none');
  assert.is(sectors(disk), 'ab');
  disk.lose(PATH);
  disk.put('/data/other', Buffer.from('x'));
  disk.restart('none');
  assert.equal(disk.paths, ['/data/other']);
  disk.putBack(image);
  assert.equal(disk.paths, [PATH]);
  assert.is(sectors(disk), 'aaaa');
});

test('a lock ends with the power', async () => {
  const { sim, disk } = await createWorld();
  await sim.until(disk.lock('/data'));
  disk.restart('all');
  await sim.until(disk.lock('/data'));
});

test.run();
