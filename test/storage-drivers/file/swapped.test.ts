/** Whole frames that are in the wrong place: each passes its own checks, and none passes for another. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Read, type RecordStore } from '../../../storage-drivers/contract.ts';
import { readFrameHead } from '../../../storage-drivers/file/journal/frame-format.ts';
import { FRAMES_START } from '../../../storage-drivers/file/journal/segment-format.ts';
import { viewOf } from '../../../storage-drivers/file/numbers.ts';
import { DriverWorld } from './driver-world.ts';
import { messageOf } from './message-of.ts';

/** All of a length, so that frames are, too. */
const bodyOf = (seq: number): string => `${String(seq).padStart(6, '0')} ${'b'.repeat(100)}`;

async function filled(world: DriverWorld): Promise<void> {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  for (let seq = 1; seq <= 600; seq++) {
    assert.ok(store.append(seq, seq, 0, 0, messageOf(bodyOf(seq))) > 0);
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.until(driver.checkpoint(store as never));
  await world.until(driver.close());
}

async function readOne(world: DriverWorld, store: RecordStore, seq: number): Promise<Read> {
  const found = store.read(seq);
  if (found !== Read.cold) return found;
  await world.until(new Promise<void>((done) => store.load(seq, seq, () => done())));
  return store.read(seq);
}

function framesOf(bytes: Uint8Array): { at: number; length: number }[] {
  const family = { uuid: bytes.slice(16, 32), generation: Number(viewOf(bytes).getBigUint64(8, true)) };
  const frames: { at: number; length: number }[] = [];
  for (let at = FRAMES_START; at < bytes.length; at += 512) {
    const header = readFrameHead(bytes, viewOf(bytes), at, family);
    if (header !== null) frames.push({ at, length: header.length });
  }
  return frames;
}

for (const [name, key] of [
  ['in the clear', null],
  ['encrypted', Buffer.from('k')],
] as const) {
  test(`D-9 S-4 S-30: two frames of a block that changed places, ${name}, are damage, and never serve for each other`, async () => {
    const world = new DriverWorld(1, { key });
    await filled(world);
    const path = world.disk.paths.filter((each) => each.endsWith('.blk'))[1]!;
    world.disk.damage(path, (bytes) => {
      const [one, other] = framesOf(bytes);
      assert.is(one!.length, other!.length);
      const kept = bytes.slice(one!.at, one!.at + one!.length);
      bytes.copyWithin(one!.at, other!.at, other!.at + other!.length);
      bytes.set(kept, other!.at);
    });
    await expectRight(world);
  });

  test(`D-9 S-4 S-30: two blocks that changed places, ${name}, are damage, and never serve for each other`, async () => {
    const world = new DriverWorld(2, { key });
    await filled(world);
    const [one, other] = world.disk.paths.filter((each) => each.endsWith('.blk'));
    const [first, second] = [world.disk.readFileSync(one!), world.disk.readFileSync(other!)];
    await world.until(world.disk.writeFile(one!, second));
    await world.until(world.disk.writeFile(other!, first));
    await expectRight(world);
  });
}

async function expectRight(world: DriverWorld): Promise<void> {
  const driver = await world.open();
  const { store } = await world.until(driver.open('s'));
  let holes = 0;
  for (let seq = 1; seq <= 600; seq++) {
    const found = await readOne(world, store, seq);
    if (found === Read.hole) holes++;
    else {
      assert.is(found, Read.found);
      const { bytes, bodyStart, bodyEnd } = store.record;
      assert.equal([store.record.seq, Buffer.from(bytes.subarray(bodyStart, bodyEnd)).toString()], [seq, bodyOf(seq)]);
    }
  }
  assert.ok(holes > 5 && holes < 200, `${holes} holes`);
  assert.is(store.holes().records, holes);
  await world.until(driver.close());
}

test.run();
