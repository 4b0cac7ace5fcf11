/** Order, pages and search of tables, and how connections are looked through. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Row } from '../../../plugins/dashboard/page/answers.ts';
import { findConnections, SEARCHED_MAX } from '../../../plugins/dashboard/page/connection-search.ts';
import {
  arranged,
  matches,
  pageWithin,
  rangeText,
  searchWords,
  sliceFor,
  sortedBy,
} from '../../../plugins/dashboard/page/table-state.ts';

test('choosing a heading sorts by it, choosing it again turns the order round', () => {
  const first = sortedBy({ key: 'cid', isReversed: true }, 'subs');
  assert.equal(first, { key: 'subs', isReversed: false });
  assert.equal(sortedBy(first, 'subs'), { key: 'subs', isReversed: true });
});

test('pages of a reversed list begin at its end and cover every row once', () => {
  for (const total of [1, 10, 11, 25]) {
    const seen: number[] = [];
    for (let page = 0; page * 10 < total; page++) {
      const { offset, limit } = sliceFor(page, 10, total, true);
      const rows = Array.from({ length: Math.min(limit, total - offset) }, (_, at) => offset + at);
      seen.push(...rows.reverse());
    }
    assert.equal(
      seen,
      Array.from({ length: total }, (_, at) => total - 1 - at),
      String(total),
    );
  }
  assert.equal(sliceFor(2, 50, 0, true), { offset: 100, limit: 50 });
  assert.equal(sliceFor(9, 10, 25, true).limit, 1);
});

test('a page beyond the end becomes the last one', () => {
  assert.equal([pageWithin(5, 10, 31), pageWithin(5, 10, 0), pageWithin(1, 10, 20)], [3, 0, 1]);
  const plain = (text: string): string => text.replaceAll('\u202f', ' ');
  assert.equal(
    [rangeText(0, 50, 0), rangeText(0, 50, 12), plain(rangeText(1, 50, 2000))],
    ['none', '1–12 of 12', '51–100 of 2 000'],
  );
});

test('numbers are sorted from the largest, texts from A, and what has no value comes last', () => {
  const values = [3, null, 10, 3];
  assert.equal(
    arranged(values, (value) => value, false),
    [10, 3, 3, null],
  );
  assert.equal(
    arranged(values, (value) => value, true),
    [3, 3, 10, null],
  );
  assert.equal(
    arranged(['b', 'a', 'c'], (value) => value, false),
    ['a', 'b', 'c'],
  );
  assert.equal(
    arranged(['b', 'a', 'c'], (value) => value, true),
    ['c', 'b', 'a'],
  );
});

test('a search wants every word, in any of the fields', () => {
  const row = { name: 'Order Writer', ip: '10.0.0.7', port: 4222, cid: 12 };
  const keys = ['name', 'ip', 'port', 'cid', 'missing'];
  for (const text of ['', 'order', 'WRITER 10.0', '4222', ' 12  order '])
    assert.ok(matches(row, keys, searchWords(text)), text);
  for (const text of ['orders', 'order 10.1']) assert.not(matches(row, keys, searchWords(text)), text);
});

function monitorOf(total: number) {
  const limits: number[] = [];
  const ask = async ({ offset, limit }: { offset: number; limit: number }) => {
    limits.push(limit);
    const count = Math.max(0, Math.min(limit, total - offset));
    const rows: Row[] = Array.from({ length: count }, (_, at) => ({ cid: offset + at, name: `client ${offset + at}` }));
    return { rows, total };
  };
  return { ask, limits };
}

test('connections are looked through a few hundred at a time, up to a limit', async () => {
  const { ask, limits } = monitorOf(100_000);
  const found = await findConnections(ask, ['nobody'], 50);
  assert.equal([found.rows.length, found.searched, found.total], [0, SEARCHED_MAX, 100_000]);
  assert.ok(limits.every((limit) => limit <= 500));
});

test('a search ends as soon as it has what is wanted, and at the end of the list', async () => {
  const many = monitorOf(100_000);
  assert.is((await findConnections(many.ask, ['client'], 50)).rows.length, 50);
  assert.is(many.limits.length, 1);
  const few = monitorOf(730);
  const found = await findConnections(few.ask, ['729'], 50);
  assert.equal([found.rows.length, found.searched, few.limits.length], [1, 730, 2]);
  const none = monitorOf(0);
  assert.equal(await findConnections(none.ask, ['x'], 50), { rows: [], searched: 0, total: 0 });
});

test.run();
