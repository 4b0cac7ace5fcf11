import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Segments } from '../../../../storage-drivers/file/journal/segments.ts';
import { append, DIRECTORY, JournalWorld, SILENT, UUID } from './journal-world.ts';

test('D-1 S-5: what was durable is there after a power cut, in order, and read back as it was written', async () => {
  const world = await JournalWorld.create(1);
  const { journal } = await world.open();
  await world.until(journal.start());
  const [a, b] = [journal.addStore(7, SILENT), journal.addStore(9, SILENT)];
  assert.is(append(journal, a, 'one'), 1);
  assert.is(append(journal, b, 'first'), 1);
  assert.is(append(journal, a, 'two', 5), 2);
  assert.is(a.durable, 0);
  await world.until(journal.idle());
  assert.equal([a.durable, b.durable], [2, 1]);
  world.crash('none');
  const { records, holes, report } = await world.open();
  assert.equal(
    records.map(({ store, type, data }) => [store, type, data]),
    [
      [7, 1, 'one'],
      [9, 1, 'first'],
      [7, 5, 'two'],
    ],
  );
  assert.equal(holes, []);
  assert.is(report.records, 3);
});

test('D-2 S-9: everything that arrives during a sync shares the next one', async () => {
  const world = await JournalWorld.create(2);
  const { journal } = await world.open();
  await world.until(journal.start());
  const heard: number[] = [];
  const store = journal.addStore(1, { ...SILENT, durable: (ticket) => heard.push(ticket) });
  append(journal, store, 'first');
  await world.pass(0.01);
  for (let index = 0; index < 50; index++) append(journal, store, `later ${index}`);
  await world.until(journal.idle());
  assert.equal(heard, [1, 51]);
  assert.is(journal.stats.commits, 2);
});

test('a clean end is known as one', async () => {
  const world = await JournalWorld.create(3);
  const first = await world.open();
  await world.until(first.journal.start());
  const store = first.journal.addStore(1, SILENT);
  append(first.journal, store, 'text');
  await world.until(first.journal.close());
  assert.is(store.durable, 1);
  const second = await world.open();
  assert.is(second.report.cut, null);
  assert.equal(
    second.records.map(({ data }) => data),
    ['text'],
  );
});

test('S-2: what no store needs is written over, and the files stay few', async () => {
  const world = await JournalWorld.create(4);
  const { journal } = await world.open();
  await world.until(journal.start());
  const store = journal.addStore(1, SILENT);
  for (let index = 0; index < 2000; index++) {
    const ticket = append(journal, store, `${index} ${'x'.repeat(900)}`);
    await world.until(journal.idle());
    journal.release(store, ticket - 1);
  }
  assert.ok(journal.stats.segments > 20, `${journal.stats.segments} segments`);
  assert.ok(world.disk.paths.filter((path) => path.endsWith('.seg')).length <= 6);
  world.crash('none');
  const { records, holes } = await world.open();
  assert.equal(holes, []);
  assert.match(records.at(-1)!.data, /^1999 /);
});

test('S-2: a file that is free is taken at once, while another one is still being made', async () => {
  const world = await JournalWorld.create(11);
  await world.until(world.disk.makeDirectory(DIRECTORY));
  const segments = new Segments(world.disk, DIRECTORY, UUID, 0, true);
  const first = await world.until(segments.take(4096, 8192));
  await first.file.close();
  const making = segments.prepare(4096, 8_000_000);
  segments.adopt([], [], [first.slot]);
  const next = await world.until(segments.take(4096, 8192));
  assert.is(next.slot, first.slot);
  assert.is(segments.made, 1);
  await world.until(making);
  assert.is(segments.made, 2);
  assert.equal(
    segments.all.map(({ bytes }) => bytes),
    [8_000_000],
  );
  await next.file.close();
  await world.until(segments.close());
});

test('D-3: a group is there as a whole or not at all', async () => {
  const world = await JournalWorld.create(5);
  const { journal } = await world.open();
  await world.until(journal.start());
  const store = journal.addStore(1, SILENT);
  append(journal, store, 'before');
  journal.beginGroup(store);
  for (let index = 0; index < 20; index++) assert.is(append(journal, store, `${index} ${'y'.repeat(400)}`), 2);
  assert.is(journal.endGroup(store), 2);
  journal.beginGroup(store);
  append(journal, store, 'never');
  journal.abortGroup(store);
  assert.is(append(journal, store, 'after'), 3);
  await world.until(journal.idle());
  assert.is(store.durable, 3);
  world.crash('none');
  const { records } = await world.open();
  assert.is(records.length, 22);
  assert.not.ok(records.some(({ data }) => data === 'never'));
});

test('D-5 D-15: state that is carried along outlives the segment it was written in', async () => {
  const world = await JournalWorld.create(6);
  const { journal } = await world.open();
  await world.until(journal.start());
  const store = journal.addStore(3, { ...SILENT });
  store.carried = Buffer.from('term 7, vote b');
  for (let index = 0; index < 200; index++) {
    const ticket = append(journal, store, 'z'.repeat(1000));
    await world.until(journal.idle());
    journal.release(store, ticket);
  }
  world.crash('none');
  const { carried } = await world.open();
  assert.is(carried.get(3), 'term 7, vote b');
});

test('S-10: a store with little to write does not wait for one with much', async () => {
  const world = await JournalWorld.create(7, { queueBytesMax: 1_000_000 });
  const { journal } = await world.open();
  await world.until(journal.start());
  const order: string[] = [];
  const bulk = journal.addStore(1, { ...SILENT, durable: (ticket) => order.push(`bulk ${ticket}`) });
  const small = journal.addStore(2, { ...SILENT, durable: () => order.push('small') });
  const vote = journal.addStore(3, { ...SILENT, durable: () => order.push('vote') }, { isUrgent: true });
  for (let index = 0; index < 100; index++) append(journal, bulk, 'b'.repeat(1000));
  append(journal, small, 's');
  append(journal, vote, 'v');
  await world.until(journal.idle());
  assert.ok(order.indexOf('small') <= 2 && order.indexOf('vote') <= 2, order.join(', '));
  assert.is(order.at(-1), 'bulk 100');
  assert.ok(order.length > 8);
});

test('S-8: a queue that is full takes nothing, and takes again when it is written', async () => {
  const world = await JournalWorld.create(8);
  const { journal } = await world.open();
  await world.until(journal.start());
  const store = journal.addStore(1, SILENT);
  let taken = 0;
  while (append(journal, store, 'q'.repeat(1000)) > 0) taken++;
  assert.is(journal.refusal, 'busy');
  assert.ok(taken * 1016 <= 65_536 && (taken + 1) * 1016 > 65_536);
  assert.is(journal.stats.refusals, 1);
  await world.until(journal.idle());
  assert.ok(append(journal, store, 'more') > 0);
  await world.until(journal.idle());
  assert.is(store.durable, taken + 1);
});

test('S-10: a store that fills the queue leaves room for others, each of which may have a little waiting', async () => {
  const world = await JournalWorld.create(11);
  const { journal } = await world.open();
  await world.until(journal.start());
  const bulk = journal.addStore(1, SILENT);
  while (append(journal, bulk, 'q'.repeat(1000)) > 0);
  const others = Array.from({ length: 12 }, (_, index) => journal.addStore(index + 2, SILENT));
  const taken = others.filter((store) => append(journal, store, 's'.repeat(900)) > 0);
  // An eighth of the queue, and what was left of it.
  assert.ok(taken.length >= 8 && taken.length < 12, `${taken.length}`);
  assert.is(append(journal, bulk, 'more'), -1);
  await world.until(journal.idle());
  for (const store of taken) assert.is(store.durable, 1);
});

test('S-8: a journal at its limit asks for release, takes nothing meanwhile, and then goes on', async () => {
  const world = await JournalWorld.create(9, { journalBytesMax: 200_000 });
  const { journal } = await world.open();
  await world.until(journal.start());
  let presses = 0;
  const store = journal.addStore(1, { ...SILENT, pressed: () => presses++ });
  for (let index = 0; index < 600; index++) {
    append(journal, store, 'p'.repeat(1000));
    await world.pass(5);
  }
  assert.ok(presses > 0);
  assert.ok(store.durable < 300, `${store.durable}`);
  assert.is(store.durable, store.appended, 'what was taken is durable');
  assert.is(append(journal, store, 'more'), -1);
  assert.is(journal.refusal, 'busy');
  assert.ok(append(journal, store, 'less', 0x81) > 0);
  assert.is(journal.stats.oldestPin?.store, 1);
  journal.release(store, store.durable);
  assert.ok(append(journal, store, 'more') > 0);
});

test('S-8: a record larger than a segment gets one of its own', async () => {
  const world = await JournalWorld.create(10, { queueBytesMax: 1_000_000 });
  const { journal } = await world.open();
  await world.until(journal.start());
  const store = journal.addStore(1, SILENT);
  append(journal, store, 'small');
  append(journal, store, 'L'.repeat(300_000));
  append(journal, store, 'small again');
  await world.until(journal.idle());
  world.crash('none');
  const { records, holes } = await world.open();
  assert.equal(
    records.map(({ data }) => data.length),
    [5, 300_000, 11],
  );
  assert.equal(holes, []);
  assert.ok(world.disk.paths.every((path) => path.startsWith(DIRECTORY)));
});

test.run();
