import assert from 'node:assert/strict';
import { Read, Scan } from '../contract.ts';
import { difference, sample } from './sample-message.ts';
import { expectRecord, gapsOf, put, scanWarm, sequences } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testReading(test: DriverTest): void {
  test('what was never appended is gone', async ({ driver }) => {
    const { store } = await driver.open('s');
    assert.equal(store.read(1), Read.gone);
    put(store, 2, sample());
    for (const seq of [0, 1, 3, 2 ** 50]) assert.equal(store.read(seq), Read.gone);
  });

  test('a scan visits what is there, upwards and downwards, both ends included', async ({ driver }) => {
    const { store } = await driver.open('s');
    for (const seq of [2, 3, 5, 9000, 9001]) put(store, seq, sample({ salt: seq }));
    const table: [number, number, number[]][] = [
      [1, 10_000, [2, 3, 5, 9000, 9001]],
      [10_000, 1, [9001, 9000, 5, 3, 2]],
      [3, 9000, [3, 5, 9000]],
      [9000, 3, [9000, 5, 3]],
      [5, 5, [5]],
      [4, 4, []],
      [6, 8999, []],
      [8999, 6, []],
      [9002, 9999, []],
    ];
    for (const [from, to, expected] of table) assert.deepEqual(await sequences(store, from, to), expected);
  });

  test('a scan shows whole records, and stops when it is told to', async ({ driver }) => {
    const { store } = await driver.open('s');
    for (let seq = 1; seq <= 10; seq++)
      put(store, seq, sample({ salt: seq, headerLength: seq, bodyLength: 200 * seq }));
    let visited = 0;
    const end = await scanWarm(store, 1, 10, (record) => {
      const expected = sample({ salt: record.seq, headerLength: record.seq, bodyLength: 200 * record.seq });
      assert.equal(difference(record, record.seq, expected), null);
      return ++visited < 4;
    });
    assert.deepEqual([end, visited], [Scan.stopped, 4]);
    assert.equal(await scanWarm(store, 1, 10, () => true), Scan.done);
  });
}

export function testWalking(test: DriverTest): void {
  test('a visitor that writes is a mistake', async ({ driver }) => {
    const { store } = await driver.open('s');
    put(store, 1, sample());
    await assert.rejects(scanWarm(store, 1, 1, () => store.remove(1, 1) > 0));
    await expectRecord(store, 1, sample());
  });

  test('gaps are told as ranges', async ({ driver }) => {
    const { store } = await driver.open('s');
    for (const seq of [3, 4, 7, 9000, 9001, 20_000]) put(store, seq, sample());
    assert.deepEqual(gapsOf(store, store.first, store.last), [
      [5, 6],
      [8, 8999],
      [9002, 19_999],
    ]);
    assert.deepEqual(gapsOf(store, 8, 100), [[8, 100]]);
    assert.deepEqual(gapsOf(store, 9000, 9001), []);
    store.remove(4, 7);
    store.advance(20_002);
    assert.deepEqual(gapsOf(store, 3, 20_002), [
      [4, 8999],
      [9002, 19_999],
      [20_001, 20_002],
    ]);
  });

  test('many records are read in any order', async ({ driver }) => {
    const { store } = await driver.open('s');
    const count = 10_000;
    for (let seq = 1; seq <= count; seq++)
      put(store, seq, sample({ salt: seq, subject: `a.${seq % 50}`, bodyLength: seq % 300 }));
    for (let step = 0; step < 2000; step++) {
      const seq = 1 + ((step * 7919) % count);
      await expectRecord(store, seq, sample({ salt: seq, subject: `a.${seq % 50}`, bodyLength: seq % 300 }));
    }
    assert.equal((await sequences(store, 1, count)).length, count);
  });

  test('a record of one store can be appended to another as it is', async ({ driver }) => {
    const from = (await driver.open('from')).store;
    const to = (await driver.open('to')).store;
    const given = sample({ headerLength: 12, bodyLength: 34, flags: 3, nanos: 77 });
    put(from, 1, given);
    await expectRecord(from, 1, given);
    const { seconds, nanos, flags } = from.record;
    to.append(5, seconds, nanos, flags, from.record);
    await expectRecord(to, 5, given);
  });
}
