import assert from 'node:assert/strict';
import type { OpenReport, RecordStore } from '../contract.ts';
import { sample } from './sample-message.ts';
import { expectRecord, put, sequences, untilDurable } from './store-driving.ts';
import type { RunningDriver } from './subject.ts';
import type { DriverTest } from './suite.ts';

/** Another driver upon the same place, and the store in it. */
type Reopen = (running: RunningDriver) => Promise<{ after: RunningDriver; store: RecordStore; report: OpenReport }>;

export function testRestarts(test: DriverTest): void {
  test('what was durable is there after a restart', (running) => survives(running, orderly));

  test('what was durable is there after the end of the process', async (running) => {
    if (running.kill !== undefined) await survives(running, killed);
  });

  test('a unit is there as a whole or not at all after the end of the process', async (running) => {
    if (running.kill === undefined || running.driver.supports.durable === 'none') return;
    const { store } = await running.driver.open('s');
    store.begin();
    for (let seq = 1; seq <= 50; seq++) put(store, seq, sample({ salt: seq }));
    store.cells.put('c', Uint8Array.of(1));
    store.commit();
    const reopened = await killed(running);
    assert.ok([0, 50].includes(reopened.store.count), `${reopened.store.count} of 50 records`);
    assert.equal((await reopened.store.cells.get('c')) !== null, reopened.store.count === 50);
    await reopened.after.end();
  });

  test('a staged store is thrown away when it was not finished', async (running) => {
    if (running.driver.supports.durable === 'none') return;
    const { store } = await running.driver.open('s', { isStaged: true });
    await untilDurable(running, store, put(store, 1, sample()));
    await running.driver.close();
    const after = await running.restart();
    assert.deepEqual(await after.driver.list(), []);
    assert.equal((await after.driver.open('s')).store.count, 0);
    await after.end();
  });

  test('a mark is recognised, and one of another history is not', async (running) => {
    const { store } = await running.driver.open('s');
    const other = (await running.driver.open('other')).store;
    await untilDurable(running, store, put(store, 1, sample()));
    await untilDurable(running, other, put(other, 1, sample()));
    const mark = store.mark();
    assert.equal(store.passed(mark), true);
    assert.equal(other.passed(mark), false);
    assert.equal(store.passed({ position: mark.position + 1000, check: mark.check }), false);
    if (running.driver.supports.durable === 'none') return;
    const { after, store: again } = await orderly(running);
    assert.equal(again.passed(mark), true);
    await after.end();
  });
}

async function survives(running: RunningDriver, reopen: Reopen): Promise<void> {
  if (running.driver.supports.durable === 'none') return;
  const { store, report } = await running.driver.open('s');
  for (let seq = 1; seq <= 500; seq++) put(store, seq, sample({ salt: seq, headerLength: seq % 7, seconds: seq }));
  store.remove(100, 200);
  store.remove(500, 500);
  store.cells.put('put', Uint8Array.of(1, 2));
  store.cells.extend('extended', Uint8Array.of(1));
  store.cells.extend('extended', Uint8Array.of(2));
  store.cells.put('deleted', Uint8Array.of(1));
  store.cells.delete('deleted');
  await untilDurable(running, store, store.advance(510));
  const { after, store: again, report: second } = await reopen(running);
  assert.equal(second.existed, true);
  assert.ok(second.incarnation > report.incarnation);
  assert.deepEqual([again.first, again.last, again.count], [1, 510, 398]);
  assert.deepEqual([again.lastSeconds, again.lastNanos], [500, 0]);
  for (const seq of [1, 99, 201, 499]) {
    await expectRecord(again, seq, sample({ salt: seq, headerLength: seq % 7, seconds: seq }));
  }
  assert.equal((await sequences(again, 1, 510)).length, 398);
  assert.deepEqual([...((await again.cells.get('extended')) ?? [])], [1, 2]);
  assert.deepEqual(await again.cells.list(''), ['extended', 'put']);
  assert.throws(() => put(again, 510, sample()), RangeError);
  assert.ok(put(again, 511, sample()) > 0);
  await after.end();
}

const orderly: Reopen = async (running) => {
  await running.driver.close();
  const after = await running.restart();
  return { after, ...(await after.driver.open('s')) };
};

const killed: Reopen = async (running) => {
  const after = await running.kill!();
  return { after, ...(await after.driver.open('s')) };
};
