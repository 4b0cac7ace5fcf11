import assert from 'node:assert/strict';
import { difference, sample } from './sample-message.ts';
import { put, scanWarm, sequences } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testSnapshots(test: DriverTest): void {
  test('a snapshot shows what was there, whatever happens meanwhile', async ({ driver }) => {
    const { store } = await driver.open('s');
    for (let seq = 1; seq <= 6000; seq++) put(store, seq, sample({ salt: seq }));
    store.remove(10, 20);
    const snapshot = store.snapshot();
    store.remove(3, 3);
    store.dropBefore(5000);
    for (let seq = 6001; seq <= 7000; seq++) put(store, seq, sample({ salt: seq }));
    store.remove(5500, 6500);
    assert.deepEqual([snapshot.first, snapshot.last, snapshot.count], [1, 6000, 5989]);
    let count = 0;
    await scanWarm(snapshot, 1, 10_000, (record) => {
      count++;
      assert.equal(difference(record, record.seq, sample({ salt: record.seq })), null);
      return true;
    });
    assert.equal(count, 5989);
    assert.deepEqual(await sequences(snapshot, 22, 8), [22, 21, 9, 8]);
    snapshot.release();
    snapshot.release();
    assert.equal(store.count, 1000);
  });

  test('several snapshots each show their own moment', async ({ driver }) => {
    const { store } = await driver.open('s');
    const taken = [];
    for (let seq = 1; seq <= 5; seq++) {
      put(store, seq, sample());
      taken.push(store.snapshot());
      if (seq === 3) store.remove(1, 2);
    }
    assert.deepEqual(await Promise.all(taken.map((each) => sequences(each, 1, 99))), [
      [1],
      [1, 2],
      [1, 2, 3],
      [3, 4],
      [3, 4, 5],
    ]);
    for (const each of taken) each.release();
    assert.deepEqual(await sequences(store, 1, 99), [3, 4, 5]);
  });
}
