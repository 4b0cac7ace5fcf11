import assert from 'node:assert/strict';
import type { DriverTest } from './suite.ts';

export function testCells(test: DriverTest): void {
  test('a cell keeps what was last put, and a copy of it', async ({ driver }) => {
    const { cells } = (await driver.open('s')).store;
    assert.equal(await cells.get('a'), null);
    const value = Uint8Array.of(1, 2, 3);
    cells.put('a', value);
    value.fill(0);
    assert.deepEqual([...((await cells.get('a')) ?? [])], [1, 2, 3]);
    cells.put('a', Uint8Array.of());
    assert.deepEqual([...((await cells.get('a')) ?? [9])], []);
    cells.delete('a');
    assert.equal(await cells.get('a'), null);
    cells.delete('a');
  });

  test('a cell can be added to', async ({ driver }) => {
    const { cells } = (await driver.open('s')).store;
    for (let byte = 0; byte < 300; byte++) cells.extend('log', Uint8Array.of(byte & 255));
    const all = (await cells.get('log')) ?? new Uint8Array();
    assert.equal(all.length, 300);
    assert.ok(all.every((byte, at) => byte === (at & 255)));
    cells.put('log', Uint8Array.of(1));
    cells.extend('log', Uint8Array.of(2));
    assert.deepEqual([...((await cells.get('log')) ?? [])], [1, 2]);
  });

  test('cells are listed by prefix, in the order of their bytes', async ({ driver }) => {
    const { cells } = (await driver.open('s')).store;
    for (const name of ['b', 'a/2', 'a/10', 'a', 'a/\u00e4', 'a0']) cells.put(name, Uint8Array.of(1));
    assert.deepEqual(await cells.list(''), ['a', 'a/10', 'a/2', 'a/\u00e4', 'a0', 'b']);
    assert.deepEqual(await cells.list('a/'), ['a/10', 'a/2', 'a/\u00e4']);
    assert.deepEqual(await cells.list('x'), []);
  });

  test('a cell may be large, and have a long name', async ({ driver }) => {
    const { cells } = (await driver.open('s')).store;
    const value = new Uint8Array(1_000_000).map((_, at) => at % 251);
    cells.put('n'.repeat(255), value);
    const back = await cells.get('n'.repeat(255));
    assert.equal(Buffer.compare(back ?? new Uint8Array(), value), 0);
    for (const name of ['', 'n'.repeat(256)]) assert.throws(() => cells.put(name, value), RangeError);
  });
}
