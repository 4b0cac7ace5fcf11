import assert from 'node:assert/strict';
import { sample } from './sample-message.ts';
import { expectRecord, put, untilDurable } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testCompression(test: DriverTest): void {
  test('compression may be asked for and changed, and changes nothing of what is read and counted', async (running) => {
    const { store } = await running.driver.open('s', { compression: 's2' });
    const plain = (await running.driver.open('plain', { compression: 'none' })).store;
    for (let seq = 1; seq <= 60; seq++) {
      if (seq === 30) store.compression = 'none';
      if (seq === 40) store.compression = 's2';
      for (const each of [store, plain]) put(each, seq, sample({ salt: seq % 3, bodyLength: 500 }));
    }
    await untilDurable(running, store, store.remove(7, 9));
    plain.remove(7, 9);
    assert.deepEqual([store.count, store.contentBytes, store.first], [plain.count, plain.contentBytes, plain.first]);
    for (const seq of [1, 29, 30, 41, 60]) await expectRecord(store, seq, sample({ salt: seq % 3, bodyLength: 500 }));
  });
}
