/** Rot: what is damaged is named exactly, everything else is read, and nothing wrong ever is (D-9, D-13, D-15, D-19). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../../kernel/ports/fast-random.ts';
import { FRAMES_START } from '../../../../storage-drivers/file/journal/segment-format.ts';
import { withSeed } from '../../../kernel/ports/seed.ts';
import { type FrameOnDisk, framesOf } from './frames-on-disk.ts';
import { append, DIRECTORY, JournalWorld, type OpenResult, SILENT } from './journal-world.ts';

interface Filled {
  world: JournalWorld;
  frames: FrameOnDisk[];
}

/** A journal of several segments, each commit a frame or more, closed or cut off. */
async function fill(seed: number, isClosed: boolean): Promise<Filled> {
  const world = await JournalWorld.create(seed);
  const random = FastRandom.fromSeed(seed);
  const { journal } = await world.open();
  await world.until(journal.start());
  const stores = [4, 6, 9].map((id) => journal.addStore(id, SILENT));
  for (let index = 0; index < 150; index++) {
    const store = stores[random.below(3)]!;
    append(journal, store, `${index} ${'abcdefgh'.repeat(random.below(150))}`);
    if (random.below(3) === 0) await world.until(journal.idle());
  }
  await world.until(journal.idle());
  // Long enough for the note of the tail.
  await world.pass(50);
  if (isClosed) await world.until(journal.close());
  world.crash('none');
  return { world, frames: await framesOf(world) };
}

const dataOf = (frames: readonly FrameOnDisk[]) => frames.flatMap(({ records }) => records);
/** Says in a line where two lists part, however long they are. */
function expectSame(actual: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, index) => line !== actual[index]);
  const start = (line: string | undefined) => line?.slice(0, 20) ?? 'nothing';
  if (at >= 0) assert.unreachable(`${start(actual[at])} instead of ${start(expected[at])} at ${at}`);
  assert.is(actual.length, expected.length);
}

const found = ({ records }: OpenResult) => records.map(({ store, data }) => `${store}: ${data}`);

/** The journal without some frames: the rest is read, and they are a hole each or together. */
async function expectLost({ world, frames }: Filled, lost: readonly FrameOnDisk[]): Promise<OpenResult> {
  const result = await world.open();
  const gone = new Set(lost);
  expectSame(found(result), dataOf(frames.filter((frame) => !gone.has(frame))));
  const missing = result.holes.flatMap(({ firstFrame, lastFrame }) =>
    Array.from({ length: lastFrame - firstFrame + 1 }, (_, index) => firstFrame + index),
  );
  assert.equal(
    missing,
    lost.map(({ number }) => number),
  );
  return result;
}

for (const isClosed of [true, false]) {
  const how = isClosed ? 'a closed journal' : 'a journal that was cut off';

  test(`D-13 D-15: a flipped bit in any frame of ${how} is a hole of that frame, which names its stores`, async () => {
    const filled = await fill(1, isClosed);
    const image = filled.world.disk.image();
    for (const frame of filled.frames) {
      // In the body, behind the header and its list.
      const at = frame.offset + 80 + 4 * frame.stores.length + 3;
      filled.world.disk.damage(frame.path, (bytes) => {
        bytes[at]! ^= 4;
      });
      const { holes } = await expectLost(filled, [frame]);
      const { path, number, stores, offset } = frame;
      const to = filled.frames.find((other) => other.number === number + 1);
      assert.is(holes.length, 1);
      assert.equal(
        { ...holes[0], to: 0, records: 0 },
        { path, from: offset, to: 0, firstFrame: number, lastFrame: number, records: 0, stores },
      );
      if (to?.path === path) assert.is(holes[0]!.to, to.offset);
      filled.world.disk.putBack(image);
    }
  });

  test(`a damaged header in any frame of ${how} is a hole of that frame, and may concern anybody`, async () => {
    const filled = await fill(2, isClosed);
    const image = filled.world.disk.image();
    for (const frame of filled.frames) {
      filled.world.disk.damage(frame.path, (bytes) => bytes.fill(0, frame.offset, frame.offset + 512));
      const { holes } = await expectLost(filled, [frame]);
      assert.is(holes[0]!.stores, null);
      filled.world.disk.putBack(image);
    }
  });
}

test('D-13: a damaged last frame is torn only when nothing says that it was synced', async () => {
  const { world, frames } = await fill(3, false);
  const last = frames.at(-1)!;
  world.disk.damage(`${DIRECTORY}/tail`, (bytes) => bytes.fill(0));
  world.disk.damage(last.path, (bytes) => {
    bytes[last.offset + 90]! ^= 1;
  });
  const { holes, report } = await world.open();
  assert.equal(holes, []);
  assert.equal(report.cut, { path: last.path, offset: last.offset, frame: last.number });
});

test('a segment whose head is damaged, in one copy or both, is read by its frames', async () => {
  const filled = await fill(4, true);
  const { world, frames } = filled;
  for (const path of new Set(frames.map((frame) => frame.path))) {
    const image = world.disk.image();
    world.disk.damage(path, (bytes) => bytes.fill(0x55, 0, 512));
    assert.equal((await expectLost(filled, [])).report.strangers, []);
    world.disk.damage(path, (bytes) => bytes.fill(0x55, 4096, 4608));
    assert.equal((await expectLost(filled, [])).report.strangers, []);
    world.disk.putBack(image);
  }
});

test('S-4 D-16: a segment file that is gone is a hole of its frames', async () => {
  const filled = await fill(5, true);
  const { world, frames } = filled;
  const paths = [...new Set(frames.map((frame) => frame.path))];
  assert.ok(paths.length >= 3);
  for (const path of paths) {
    const image = world.disk.image();
    world.disk.lose(path);
    const result = await world.open();
    expectSame(found(result), dataOf(frames.filter((frame) => frame.path !== path)));
    assert.is(result.holes.length, 1, 'it is told');
    assert.is(result.holes[0]!.stores, null);
    world.disk.putBack(image);
  }
});

test('S-4 D-19: a segment file that was cut short is a hole of what it lost', async () => {
  const filled = await fill(6, true);
  const { world, frames } = filled;
  const victim = frames[Math.floor(frames.length / 3)]!;
  world.disk.cutFile(victim.path, victim.offset + 100);
  await expectLost(
    filled,
    frames.filter((frame) => frame.path === victim.path && frame.number >= victim.number),
  );
});

test('S-4: sectors of an earlier day do not pass for what was written later', () =>
  withSeed(async (random) => {
    // Now and then one is copied over the frame before it, and stands twice.
    const filled = await fill(7, true);
    const { world, frames } = filled;
    for (let round = 0; round < 30; round++) {
      const image = world.disk.image();
      const [from, to] = [frames[random.below(frames.length)]!, frames[random.below(frames.length)]!];
      const old = image.get(from.path)!.slice(from.offset, from.offset + 512);
      world.disk.damage(to.path, (bytes) => bytes.set(old, to.offset));
      const isSame = from === to;
      const result = await world.open();
      expectSame(found(result), dataOf(frames.filter((frame) => isSame || frame !== to)));
      world.disk.putBack(image);
    }
  }));

test('D-9 D-10 T-21: random damage never gives a wrong byte, and is never silent', () =>
  withSeed(async (random, seed) => {
    for (let round = 0; round < 60; round++) {
      const filled = await fill((seed + round) % 1000, random.below(2) === 0);
      const { world, frames } = filled;
      const paths = world.disk.paths.filter((path) => path.endsWith('.seg'));
      for (let count = 1 + random.below(4); count > 0; count--)
        spoil(world, paths[random.below(paths.length)]!, random);
      const result = await world.open();
      const all = dataOf(frames);
      const seen = found(result);
      let at = 0;
      for (const line of seen) {
        at = all.indexOf(line, at) + 1;
        assert.ok(at > 0, 'it was written, and in this order');
      }
      const missing = frames.filter((frame) => !frame.records.every((line) => seen.includes(line)));
      for (const { number } of missing) {
        const isTold = result.holes.some(({ firstFrame, lastFrame }) => firstFrame <= number && number <= lastFrame);
        assert.ok(isTold, `frame ${number} is missing and in no hole: ${JSON.stringify(result.holes)}`);
      }
    }
  }));

function spoil(world: JournalWorld, path: string, random: FastRandom): void {
  const size = world.disk.readFileSync(path).length;
  const at = FRAMES_START + random.below(size - FRAMES_START);
  const kind = random.below(4);
  world.disk.damage(path, (bytes) => {
    if (kind === 0) bytes[at]! ^= 1 << random.below(8);
    else if (kind === 1) bytes.fill(0, at - (at % 512), at - (at % 512) + 512 * (1 + random.below(8)));
    else if (kind === 2) bytes.copyWithin(at - (at % 512), FRAMES_START, FRAMES_START + 512);
    else bytes.set(random.bytes(Math.min(64, bytes.length - at)), at);
  });
}

test('D-18: a place the disk refuses to read is a hole, and the rest is read', async () => {
  const filled = await fill(8, true);
  const { world } = filled;
  for (let seed = 0; seed < 10; seed++) {
    world.disk.faults.rates.readError = 0.3;
    world.disk.faults.concerns = (path) => path.endsWith('.seg');
    const outcome = await world.open().catch((error: Error) => error);
    if (outcome instanceof Error) continue;
    const all = dataOf(filled.frames);
    assert.ok(found(outcome).every((line) => all.includes(line)));
    assert.ok(found(outcome).length === all.length || outcome.holes.length > 0);
  }
  world.disk.faults.stop();
  await expectLost(filled, []);
});

test.run();
