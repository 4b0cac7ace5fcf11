import assert from 'node:assert/strict';
import { sample } from './sample-message.ts';
import { expectRecord, put } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testStores(test: DriverTest): void {
  test('a new store is empty and begins with 1', async ({ driver }) => {
    const { store, report } = await driver.open('new');
    assert.equal(report.existed, false);
    assert.deepEqual([store.first, store.last, store.count, store.contentBytes], [1, 0, 0, 0]);
    assert.deepEqual([store.lastSeconds, store.lastNanos], [0, 0]);
  });

  test('a new store can begin elsewhere', async ({ driver }) => {
    const { store } = await driver.open('later', { firstSequence: 1000 });
    assert.deepEqual([store.first, store.last], [1000, 999]);
    assert.throws(() => put(store, 999, sample()), RangeError);
    assert.ok(put(store, 1000, sample()) > 0);
  });

  test('two stores do not see each other', async ({ driver }) => {
    const one = (await driver.open('one')).store;
    const other = (await driver.open('other')).store;
    put(one, 1, sample({ salt: 1 }));
    put(other, 1, sample({ salt: 2 }));
    one.cells.put('c', Uint8Array.of(1));
    one.remove(1, 1);
    await expectRecord(other, 1, sample({ salt: 2 }));
    assert.equal(await other.cells.get('c'), null);
    assert.deepEqual((await driver.list()).sort(), ['one', 'other']);
  });

  test('a store is open once', async ({ driver }) => {
    const { store } = await driver.open('s');
    await assert.rejects(driver.open('s'));
    await store.close();
    await store.close();
    assert.throws(() => put(store, 1, sample()));
    const again = await driver.open('s');
    assert.ok(put(again.store, 1, sample()) > 0);
  });

  test('any name will do for a store, and none stands for another', async ({ driver }) => {
    const ids = ['a', 'A', 'a/b', '../a', 'a b', 'a.b', '\u00e4', 'CON', 'x'.repeat(255)];
    for (const [index, id] of ids.entries()) put((await driver.open(id)).store, index + 1, sample());
    assert.deepEqual((await driver.list()).sort(), [...ids].sort());
    for (const id of ['', 'x'.repeat(256)]) await assert.rejects(driver.open(id), RangeError);
  });

  test('a destroyed store leaves nothing', async ({ driver }) => {
    const { store } = await driver.open('s');
    put(store, 1, sample());
    store.cells.put('c', Uint8Array.of(1));
    await store.destroy();
    assert.deepEqual(await driver.list(), []);
    const again = await driver.open('s');
    assert.deepEqual([again.report.existed, again.store.last, again.store.count], [false, 0, 0]);
    assert.equal(await again.store.cells.get('c'), null);
  });

  test('a staged store is seen by nobody until it is published', async ({ driver }) => {
    const { store } = await driver.open('s', { isStaged: true });
    put(store, 1, sample({ salt: 4 }));
    assert.deepEqual(await driver.list(), []);
    await store.publish();
    assert.deepEqual(await driver.list(), ['s']);
    put(store, 2, sample({ salt: 5 }));
    await expectRecord(store, 1, sample({ salt: 4 }));
    await expectRecord(store, 2, sample({ salt: 5 }));
    await assert.rejects(store.publish());
  });
}
