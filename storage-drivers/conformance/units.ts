import assert from 'node:assert/strict';
import { Read, Refused } from '../contract.ts';
import { sample } from './sample-message.ts';
import { expectRecord, put, readWarm, sequences, untilDurable } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testUnits(test: DriverTest): void {
  test('a unit of several writes has one ticket', async (running) => {
    const { store } = await running.driver.open('s');
    put(store, 1, sample());
    store.begin();
    assert.equal(put(store, 2, sample({ salt: 2 })), 0);
    assert.equal(put(store, 3, sample({ salt: 3 })), 0);
    assert.equal(store.remove(1, 1), 0);
    assert.equal(store.cells.put('c', Uint8Array.of(7)), 0);
    const ticket = store.commit();
    assert.ok(ticket > 0);
    await untilDurable(running, store, ticket);
    assert.deepEqual(await sequences(store, 1, 3), [2, 3]);
    assert.deepEqual([...((await store.cells.get('c')) ?? [])], [7]);
  });

  test('an aborted unit has not been', async ({ driver }) => {
    const { store } = await driver.open('s');
    put(store, 1, sample({ seconds: 50 }));
    store.cells.put('c', Uint8Array.of(1));
    store.begin();
    put(store, 2, sample({ seconds: 60 }));
    store.remove(1, 1);
    store.cells.put('c', Uint8Array.of(2));
    store.cells.extend('d', Uint8Array.of(2));
    store.abort();
    assert.deepEqual([store.first, store.last, store.count, store.lastSeconds], [1, 1, 1, 50]);
    assert.deepEqual([...((await store.cells.get('c')) ?? [])], [1]);
    assert.equal(await store.cells.get('d'), null);
    assert.equal(await readWarm(store, 2), Read.gone);
    put(store, 2, sample({ salt: 22 }));
    await expectRecord(store, 2, sample({ salt: 22 }));
  });

  test('when one write of a unit is refused, so is the unit', async ({ driver }) => {
    const { store } = await driver.open('s');
    store.begin();
    put(store, 1, sample());
    assert.equal(put(store, 2, sample({ subject: 's'.repeat(65_536) })), Refused.tooLarge);
    put(store, 3, sample());
    assert.equal(store.commit(), Refused.tooLarge);
    assert.deepEqual([store.last, store.count], [0, 0]);
    assert.ok(put(store, 1, sample()) > 0);
  });

  test('a unit of nothing has a ticket too', async (running) => {
    const { store } = await running.driver.open('s');
    store.begin();
    await untilDurable(running, store, store.commit());
  });

  test('units do not nest, and end once', async ({ driver }) => {
    const { store } = await driver.open('s');
    assert.throws(() => store.commit());
    assert.throws(() => store.abort());
    store.begin();
    assert.throws(() => store.begin());
    store.commit();
    assert.throws(() => store.commit());
  });
}
