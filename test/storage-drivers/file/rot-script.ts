/** Random damage to any files of a closed directory: what must be served all the same, and what must be said. */
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { DiskImage } from '../../../kernel/ports/simulated-disk.ts';
import { Read, type RecordStore, Scan, type SequenceRange } from '../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import type { FileStore } from '../../../storage-drivers/file/file-store.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

const KEY = Buffer.from('a key of some length');
/** Half of the messages stand in blocks of which the journal speaks. */
const PLACED: Partial<FileDriverOptions> = {
  syncIntervalMs: 120_000,
  placedBytesMin: 200,
  placedBytesPerStore: 100_000,
  placedBytesMax: 400_000,
};
const VARIANTS: readonly Partial<FileDriverOptions>[] = [
  {},
  { compression: 's2' },
  { key: KEY, cipher: 'chacha' },
  { key: KEY, cipher: 'aes', compression: 's2' },
  PLACED,
  { ...PLACED, key: KEY },
];
const IDS = ['orders', 'events'];
/** No frame holds more messages. */
const FRAME_RECORDS_MAX = 140;

interface Kept {
  readonly records: Map<number, string>;
  readonly cells: Map<string, string>;
  last: number;
}

interface Rotten {
  readonly path: string;
  readonly what: string;
  /** How many frames it touches; Infinity for all of the file. */
  readonly frames: number;
}

export interface RotOutcome {
  readonly lost: number;
  readonly isRefused: boolean;
}

/** Throws where something is not as it should be. */
export async function runRotScript(seed: number): Promise<RotOutcome> {
  const random = FastRandom.fromSeed(seed);
  const options = VARIANTS[random.below(VARIANTS.length)]!;
  const world = new DriverWorld(seed, options);
  const kept = await fill(world, random);
  const rotten = Array.from({ length: 1 + random.below(3) }, () => rot(world, random));
  const damaged = world.disk.image();
  const place = rotten.map(({ path, what }) => `${what} ${path}`).join(', ');
  try {
    return await look(world, kept, rotten, damaged);
  } catch (error) {
    (error as Error).message = `${place}: ${(error as Error).message}`;
    throw error;
  }
}

async function look(
  world: DriverWorld,
  kept: ReadonlyMap<string, Kept>,
  rotten: readonly Rotten[],
  damaged: DiskImage,
): Promise<RotOutcome> {
  let driver: FileDriver;
  try {
    driver = await world.open();
  } catch (error) {
    assert.ok(rotten.filter(({ path }) => path.includes('identity')).length > 0, `refused: ${(error as Error).stack}`);
    assert.match((error as Error).message, /identity|\/data/);
    expectUntouched(world, damaged);
    return { lost: 0, isRefused: true };
  }
  let lost = 0;
  const before = new Map<string, Map<number, string>>();
  for (const [id, content] of kept) {
    const found = await lookAt(world, driver, id, content, rotten);
    lost += content.records.size - (found?.size ?? 0);
    if (found !== null) before.set(id, found);
  }
  await world.until(driver.care.verify());
  await world.until(driver.care.repair());
  await world.until(driver.close());
  await lookAgain(world, before);
  return { lost, isRefused: false };
}

/** What was mended is as it was, and nothing is found any more. */
async function lookAgain(world: DriverWorld, before: ReadonlyMap<string, Map<number, string>>): Promise<void> {
  const again = await world.open();
  for (const [id, found] of before) {
    const { store } = await world.until(again.open(id));
    assert.equal(await contentOf(world, store), found, `${id} after it was mended`);
  }
  const left = (await world.until(again.care.verify())).filter(({ part }) => part !== 'journal');
  assert.equal(left, [], 'damage that is left after it was mended');
  await world.until(again.close());
}

/** Null where the store is not there any more, and that was said. */
async function lookAt(
  world: DriverWorld,
  driver: FileDriver,
  id: string,
  content: Kept,
  rotten: readonly Rotten[],
): Promise<Map<number, string> | null> {
  if (!(await driver.list()).includes(id)) {
    const { unreadable, setAside, journal } = driver.report!;
    assert.ok(unreadable.length + setAside.length + journal.holes.length > 0, `${id} is gone in silence`);
    return null;
  }
  const { store, report } = await world.until(driver.open(id));
  const found = await contentOf(world, store);
  // Without the note of the tail, nobody knows of a segment that is not there.
  const isBlind = ['tail', '.seg'].every((end) => rotten.some(({ path }) => path.endsWith(end)));
  const isAmnesiac = report.isAmnesiac || isBlind;
  const missing: number[] = [];
  for (const [seq, text] of content.records) {
    if (found.has(seq)) assert.is(found.get(seq), text, `${id} ${seq}`);
    else missing.push(seq);
  }
  const holes = new Set(sequencesOf(store.holes().ranges));
  for (const seq of found.keys()) {
    assert.ok(content.records.has(seq) || isAmnesiac, `${id} ${seq} was removed, and is back`);
    assert.not.ok(holes.has(seq), `${id} ${seq} is served, and called lost`);
  }
  for (const seq of missing) {
    // What stood at the very end of the journal was never heard of.
    const isEnd = isAmnesiac && seq > Math.max(0, ...found.keys(), ...holes);
    assert.ok(holes.has(seq) || isEnd, `${id} ${seq} is lost in silence; holes ${[...holes]}`);
    assert.is(store.read(seq), holes.has(seq) ? Read.hole : Read.gone);
  }
  const told = new Set(driver.care.damage.filter((one) => one.store === id).flatMap((one) => sequencesOf(one.lost)));
  assert.equal(
    [...holes].filter((seq) => !told.has(seq)),
    [],
    `${id}: lost, and not told`,
  );
  if (!isAmnesiac)
    assert.equal(
      [...holes].filter((seq) => !content.records.has(seq)),
      [],
      `${id}: called lost, and was never there`,
    );
  assert.ok(store.last >= content.last || isAmnesiac, `${id}: sequences are given out again`);
  const bound = rotten.reduce((sum, { frames }) => sum + frames * FRAME_RECORDS_MAX, 0);
  assert.ok(missing.length <= bound, `${id}: ${missing.length} messages lost`);
  assert.is(store.count, found.size);
  await expectCells(store, content, isAmnesiac);
  return found;
}

async function expectCells({ cells }: RecordStore, content: Kept, isAmnesiac: boolean): Promise<void> {
  for (const [name, value] of content.cells) {
    const bytes = await cells.get(name).catch(() => null);
    const found = bytes === null ? null : Buffer.from(bytes).toString();
    assert.ok(found === value || isAmnesiac, `the cell ${name} is ${found} and was ${value}`);
  }
}

async function contentOf(world: DriverWorld, store: RecordStore): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let next = 1; ; next = store.coldSequence) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, ({ seq, bytes, bodyStart, bodyEnd }) => {
      found.set(seq, Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString());
      return true;
    });
    if (end !== Scan.cold) return found;
    const from = store.coldSequence;
    await world.until(
      new Promise<void>((resolve, reject) => store.load(from, from + 50, (e) => (e === null ? resolve() : reject(e)))),
    );
  }
}

function sequencesOf(ranges: readonly SequenceRange[]): number[] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

function expectUntouched(world: DriverWorld, before: DiskImage): void {
  const after = world.disk.image();
  assert.equal([...after.keys()], [...before.keys()]);
  for (const [path, bytes] of before) assert.is(Buffer.compare(bytes, after.get(path)!), 0, `${path} was touched`);
}

/** Stores with a past: messages that came and went, cells, blocks, and an end that is only in the journal. */
async function fill(world: DriverWorld, random: FastRandom): Promise<Map<string, Kept>> {
  const kept = new Map<string, Kept>();
  for (let life = 1 + random.below(2); life > 0; life--) {
    const driver = await world.open();
    for (const id of IDS) {
      const { store } = await world.until(driver.open(id));
      const content = kept.get(id) ?? { records: new Map(), cells: new Map(), last: 0 };
      kept.set(id, content);
      if (world.options.placedBytesMin !== undefined) await world.until(driver.checkpoint(store as FileStore));
      for (let count = random.below(400); count > 0; count--) {
        change(store, content, random);
        if (random.below(40) === 0) await world.pass(20);
      }
    }
    await world.pass(300);
    await world.until(driver.journal.syncNow());
    if (life > 1 || random.below(3) > 0) await world.until(driver.close());
    else world.crash('none');
  }
  return kept;
}

function change(store: RecordStore, content: Kept, random: FastRandom): void {
  const what = random.below(30);
  if (what === 0) {
    const from = 1 + random.below(content.last + 1);
    const to = from + random.below(20);
    assert.ok(store.remove(from, to) >= 0);
    for (let seq = from; seq <= to; seq++) content.records.delete(seq);
  } else if (what === 1) {
    const [name, value] = [`c${random.below(4)}`, String(random.below(1e9))];
    assert.ok(store.cells.put(name, Buffer.from(value)) > 0);
    content.cells.set(name, value);
  } else {
    const seq = content.last + 1 + (random.below(20) === 0 ? random.below(9) : 0);
    const body = `${store.id} ${seq} ${random.below(1e9)} ${'b'.repeat(random.below(300))}`;
    assert.ok(store.append(seq, seq, 0, 0, messageOf(body)) > 0);
    content.records.set(seq, body);
    content.last = seq;
  }
}

function rot(world: DriverWorld, random: FastRandom): Rotten {
  const { disk } = world;
  const paths = disk.paths.filter((path) => !path.endsWith('/lock') && disk.readFileSync(path).length > 0);
  const path = paths[random.below(paths.length)]!;
  const size = disk.readFileSync(path).length;
  const at = random.below(size);
  switch (random.below(7)) {
    case 0:
    case 1:
      disk.damage(path, (bytes) => {
        bytes[at]! ^= 1 << random.below(8);
      });
      return { path, what: `a bit at ${at} of`, frames: 1 };
    case 2: {
      const start = at - (at % 512);
      disk.damage(path, (bytes) => bytes.fill(0, start, start + 512));
      return { path, what: `a zero sector at ${start} of`, frames: 1 };
    }
    case 3:
      disk.damage(path, (bytes) => {
        for (let index = at; index < Math.min(size, at + 100); index++) bytes[index] = random.below(256);
      });
      return { path, what: `rubbish at ${at} of`, frames: 2 };
    case 4:
      disk.cutFile(path, at);
      return { path, what: `cut at ${at}:`, frames: Number.POSITIVE_INFINITY };
    case 5:
      disk.lose(path);
      return { path, what: 'lost', frames: Number.POSITIVE_INFINITY };
    default: {
      const alike = paths.filter((each) => each !== path && each.replace(/\d+/g, '') === path.replace(/\d+/g, ''));
      const target = alike[random.below(alike.length)] ?? path.replace(/\d{8}(?=\.\w+$)/, '00000099');
      disk.put(target, disk.readFileSync(path));
      return { path: target, what: `a copy of ${path} as`, frames: Number.POSITIVE_INFINITY };
    }
  }
}
