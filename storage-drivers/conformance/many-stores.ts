import assert from 'node:assert/strict';
import type { RecordStore } from '../contract.ts';
import { sample } from './sample-message.ts';
import { expectRecord, put, untilDurable } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

/** What an open store with a few records may take. */
const BYTES_EACH_MAX = 64 * 1024;

export function testManyStores(test: DriverTest, count: number): void {
  test(`${count} stores are open at once, each small`, async (running) => {
    const stores: RecordStore[] = [];
    for (let index = 0; index < count; index++) {
      const { store } = await running.driver.open(`store-${index}`);
      put(store, 1, sample({ salt: index }));
      put(store, 2, sample({ salt: index + 1 }));
      stores.push(store);
    }
    for (const store of stores) await untilDurable(running, store, store.remove(2, 2));
    for (const [index, store] of stores.entries()) {
      await expectRecord(store, 1, sample({ salt: index }));
      assert.ok(store.stats().memoryBytes < BYTES_EACH_MAX, `${store.stats().memoryBytes} bytes for one record`);
    }
  });
}
