/** What the index may cost, in memory and in time, at the size it is made for. Bounds of time are of the processor, and generous. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fileSize } from '../../../storage-drivers/derived/accounting.ts';
import { countMatches } from '../../../storage-drivers/derived/count-matches.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { RecordIndex } from '../../../storage-drivers/derived/record-index.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { DriverWorld } from '../file/driver-world.ts';

const MIB = 1024 * 1024;

/** Milliseconds of the processor, of all threads of this process. */
function costOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function leastOf(rounds: number, work: () => void): number {
  return Math.min(...Array.from({ length: rounds }, () => costOf(work)));
}

test('S-18: a million subjects take less than 120 bytes each beyond their text, and are indexed in seconds', () => {
  const index = new RecordIndex();
  const bytes = Buffer.alloc(64);
  let text = 0;
  const cost = costOf(() => {
    for (let seq = 1; seq <= 1_000_000; seq++) {
      const length = bytes.write(`$KV.bucket.key-${seq}`, 'latin1');
      text += length;
      index.add(seq, 0, 0, 1, bytes, 0, length);
    }
  });
  const each = (index.subjects.memoryBytes - text) / 1_000_000;
  assert.ok(each < 120, `${each} bytes`);
  // 3 s, and a machine that has other things to do.
  assert.ok(cost < 9000, `${cost} ms`);
});

test('S-20: what is to come is counted in no time, in millions of messages', () => {
  const index = new RecordIndex();
  const [often, rarely] = [Buffer.from('s.often.x'), Buffer.from('s.rarely.y')];
  for (let seq = 1; seq <= 2_000_000; seq++) {
    const subject = seq % 100 === 0 ? rarely : often;
    index.add(seq, 0, 0, 1, subject, 0, subject.length);
  }
  for (const [filter, count] of [
    ['s.rarely.y', 15_001],
    ['s.often.x', 1_485_000],
    ['>', 1_500_001],
  ] as const) {
    const filters = new FilterSet([filter]);
    assert.is(countMatches(index, filters, 500_000), count);
    const cost = leastOf(5, () => void countMatches(index, filters, 500_000));
    assert.ok(cost < 5, `${cost} ms for ${filter}`);
  }
});

test('S-25: ten million places of which every other one is free take less than all of them did', () => {
  const index = new RecordIndex();
  const bytes = Buffer.from('a');
  const count = 10_000_000;
  for (let seq = 1; seq <= count; seq++) index.add(seq, 0, 0, 1, bytes, 0, 1);
  const before = index.memoryBytes;
  for (let seq = 2; seq <= count; seq += 2) index.remove(seq, seq);
  // Half of them would take half; what tells them apart is two bytes and some slack for each that stays.
  assert.ok(index.memoryBytes < 0.7 * before, `${index.memoryBytes / MIB} of ${before / MIB} MiB`);
  assert.is(index.count, count / 2);
});

test('S-21: the message of a time is found where many share it, and where times were held back', async () => {
  const ports = createFakePorts();
  const options = { sizeOf: fileSize, clock: ports.clock };
  const { records } = await IndexedStore.open(new MemoryDriver(ports), 's', options);
  const subject = Buffer.from('s.a');
  const message = {
    subjectBytes: subject,
    subjectStart: 0,
    subjectEnd: 3,
    bytes: subject,
    headerStart: 3,
    bodyStart: 3,
    bodyEnd: 3,
  };
  // 3000 of one time, a clock that was set back and stands, and then it goes on.
  for (let seq = 1; seq <= 9000; seq++) {
    const seconds = seq <= 3000 ? 100 : seq <= 6000 ? 200 : 200 + seq - 6000;
    records.append(seq, seconds, 0, 0, message);
  }
  assert.is(records.findTime(0, 0), 1);
  assert.is(records.findTime(100, 0), 1);
  assert.is(records.findTime(100, 1), 3001);
  assert.is(records.findTime(200, 0), 3001);
  assert.is(records.findTime(200, 1), 6001);
  assert.is(records.findTime(3200, 0), 9000);
  assert.is(records.findTime(3200, 1), Number.POSITIVE_INFINITY);
  records.remove(3001, 4000);
  assert.is(records.findTime(150, 0), 4001);
});

test('S-19: matching messages are found without reading those between them', async () => {
  const world = new DriverWorld(1, { cacheBytes: 8192, loadBytes: 2048 });
  const driver = await world.open();
  const clock = world.sim.clock;
  const { records } = await world.until(IndexedStore.open(driver, 's', { sizeOf: fileSize, clock }));
  for (let seq = 1; seq <= 6000; seq++) {
    const bytes = Buffer.from(`s.${seq % 1000 === 0 ? 'rare' : 'often'}${'b'.repeat(100)}`);
    const end = bytes.indexOf('b'.repeat(100));
    const message = { subjectBytes: bytes, subjectStart: 0, subjectEnd: end, bytes, headerStart: end };
    records.append(seq, seq, 0, 0, { ...message, bodyStart: end, bodyEnd: bytes.length });
    if (seq % 100 === 0) await world.pass(20);
  }
  await world.pass(500);
  await world.until(driver.checkpoint(records.store as never));
  for (const filters of [
    ['s.rare'],
    ['*.rare'],
    ['s.rare', 's.never'],
    ['s.rare', ...Array.from({ length: 255 }, (_, at) => `x.${at}`)],
  ]) {
    const set = new FilterSet(filters);
    const found: number[] = [];
    for (let seq = records.next(set, 1); seq !== Number.POSITIVE_INFINITY; seq = records.next(set, seq + 1)) {
      found.push(seq);
    }
    assert.equal(found, [1000, 2000, 3000, 4000, 5000, 6000], filters.slice(0, 2).join());
    const backwards: number[] = [];
    for (let seq = records.previous(set, 6000); seq !== 0; seq = records.previous(set, seq - 1)) backwards.push(seq);
    assert.equal(backwards, found.reverse());
  }
  await world.until(driver.close());
});

test('S-19: 256 filters cost hardly more a message than one', () => {
  const index = new RecordIndex();
  const nodes: number[] = [];
  for (let seq = 1; seq <= 20_000; seq++) {
    const subject = Buffer.from(`s.${seq % 5000}.x`);
    index.add(seq, 0, 0, 1, subject, 0, subject.length);
    nodes.push(index.subjects.find(subject, 0, subject.length));
  }
  const costOfFilters = (count: number): number => {
    const filters = new FilterSet(Array.from({ length: count }, (_, at) => `s.${at}.*`));
    return leastOf(5, () => {
      for (let round = 0; round < 20; round++) for (const node of nodes) filters.matches(index.subjects, node);
    });
  };
  const [one, many] = [costOfFilters(1), costOfFilters(256)];
  assert.ok(many < 20 * one + 40, `${many} ms for 256 filters, ${one} ms for one`);
});

test.run();
