import assert from 'node:assert/strict';
import { Read, type RecordStore } from '../contract.ts';
import { contentLength, sample } from './sample-message.ts';
import { expectRecord, put, readWarm, sequences, untilDurable } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testRemoving(test: DriverTest): void {
  test('what is removed is gone, the rest stays, and last does not go back', async ({ driver }) => {
    const store = await filled((await driver.open('s')).store, 10);
    store.remove(4, 6);
    store.remove(5, 5);
    store.remove(100, 200);
    store.remove(8, 7);
    assert.deepEqual(await sequences(store, 1, 10), [1, 2, 3, 7, 8, 9, 10]);
    assert.equal(await readWarm(store, 5), Read.gone);
    store.remove(10, 10);
    assert.deepEqual([store.first, store.last, store.count], [1, 10, 6]);
    assert.equal(store.contentBytes, 6 * contentLength(sample()));
    assert.throws(() => put(store, 10, sample()), RangeError);
  });

  test('removing the first moves first over what is gone already', async ({ driver }) => {
    const store = await filled((await driver.open('s')).store, 6);
    store.remove(2, 4);
    assert.equal(store.first, 1);
    store.remove(1, 1);
    assert.equal(store.first, 5);
    store.remove(1, 6);
    assert.deepEqual([store.first, store.last, store.count, store.contentBytes], [7, 6, 0, 0]);
  });

  test('the time of the newest record outlives the record', async ({ driver }) => {
    const { store } = await driver.open('s');
    put(store, 1, sample({ seconds: 100, nanos: 1 }));
    put(store, 2, sample({ seconds: 200, nanos: 2 }));
    store.remove(2, 2);
    assert.deepEqual([store.lastSeconds, store.lastNanos], [200, 2]);
    store.dropBefore(3);
    assert.deepEqual([store.lastSeconds, store.lastNanos], [200, 2]);
  });

  test('dropBefore removes all below, and beyond the end it moves the end', async ({ driver }) => {
    const store = await filled((await driver.open('s')).store, 9000);
    store.dropBefore(1);
    assert.deepEqual([store.first, store.count], [1, 9000]);
    store.dropBefore(5001);
    assert.deepEqual([store.first, store.last, store.count], [5001, 9000, 4000]);
    store.dropBefore(9001);
    assert.deepEqual([store.first, store.last, store.count, store.contentBytes], [9001, 9000, 0, 0]);
    store.dropBefore(20_000);
    assert.deepEqual([store.first, store.last, store.count], [20_000, 19_999, 0]);
    put(store, 20_000, sample());
    await expectRecord(store, 20_000, sample());
  });
}

export function testMuchRemoving(test: DriverTest): void {
  test('every other record of many can go, and then almost all of them', async ({ driver }) => {
    const store = await filled((await driver.open('s')).store, 9000);
    for (let seq = 2; seq <= 9000; seq += 2) store.remove(seq, seq);
    assert.deepEqual([store.count, (await sequences(store, 1, 9000)).length], [4500, 4500]);
    for (let seq = 1; seq <= 9000; seq += 2) if (seq % 1000 !== 1) store.remove(seq, seq);
    assert.deepEqual(await sequences(store, 1, 9000), [1, 1001, 2001, 3001, 4001, 5001, 6001, 7001, 8001]);
    for (const seq of [1, 4001, 8001]) await expectRecord(store, seq, sample());
    put(store, 9001, sample({ salt: 8 }));
    await expectRecord(store, 9001, sample({ salt: 8 }));
  });

  test('what is erased is gone when the ticket is durable', async (running) => {
    const { driver } = running;
    const store = await filled((await driver.open('s')).store, 5);
    await untilDurable(running, store, store.erase(2, 3));
    assert.deepEqual(await sequences(store, 1, 5), [1, 4, 5]);
    await expectRecord(store, 4, sample());
  });

  test('what is erased is nowhere any more, and all else is', async (running) => {
    const { driver } = running;
    if (!driver.supports.erase || running.stored === undefined) return;
    const { store } = await driver.open('s');
    let ticket = 0;
    for (let seq = 1; seq <= 400; seq++)
      ticket = put(store, seq, sample({ subject: `secret.${seq}.`, bodyLength: 300 }));
    await untilDurable(running, store, ticket);
    const isThere = async (text: string) =>
      (await running.stored!()).some((bytes) => Buffer.from(bytes).includes(text));
    for (const [from, to] of [
      [7, 7],
      [200, 203],
      [400, 400],
      [1, 1],
    ] as const) {
      await untilDurable(running, store, store.erase(from, to));
      for (let seq = from; seq <= to; seq++)
        assert.equal(await isThere(`secret.${seq}.`), false, `${seq} is still there`);
    }
    assert.equal(await isThere('secret.8.'), true);
    assert.equal((await sequences(store, 1, 400)).length, 393);
    for (const seq of [2, 6, 8, 199, 204, 399]) {
      await expectRecord(store, seq, sample({ subject: `secret.${seq}.`, bodyLength: 300 }));
    }
  });

  test('a log gives its end back', async ({ driver }) => {
    const store = await filled((await driver.open('s')).store, 5000);
    if (!driver.supports.log) return;
    store.cutAfter(4000);
    assert.deepEqual([store.first, store.last, store.count], [1, 4000, 4000]);
    assert.equal(await readWarm(store, 4001), Read.gone);
    put(store, 4001, sample({ salt: 99 }));
    await expectRecord(store, 4001, sample({ salt: 99 }));
    store.cutAfter(10_000);
    assert.equal(store.last, 4001);
    store.cutAfter(0);
    assert.deepEqual([store.first, store.last, store.count, store.contentBytes], [1, 0, 0, 0]);
  });
}

async function filled(store: RecordStore, count: number): Promise<RecordStore> {
  for (let seq = 1; seq <= count; seq++) put(store, seq, sample());
  return store;
}
