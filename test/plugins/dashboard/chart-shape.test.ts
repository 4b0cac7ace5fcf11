import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { niceCeiling, peakOf, shapeOf } from '../../../plugins/dashboard/page/chart-shape.ts';

const FRAME = { width: 100, height: 10, untilMs: 10_000, windowMs: 10_000, ceiling: 10 };

test('a ceiling is the next round number', () => {
  const cases: [number, number][] = [
    [0, 1],
    [-5, 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [5, 5],
    [5.1, 10],
    [99, 100],
    [1234, 2000],
  ];
  for (const [value, ceiling] of cases) assert.is(niceCeiling(value), ceiling, String(value));
});

test('a ceiling of sizes is round in their units', () => {
  const cases: [number, number][] = [
    [100, 100],
    [1024, 1024],
    [1500, 2 * 1024],
    [300 * 1024, 500 * 1024],
    [1000 * 1024, 1000 * 1024],
    [1.5 * 1024 ** 2, 2 * 1024 ** 2],
  ];
  for (const [value, ceiling] of cases) assert.is(niceCeiling(value, true), ceiling, String(value));
});

test('the peak is that within the window', () => {
  const points = [
    { atMs: 0, value: 90 },
    { atMs: 5, value: null },
    { atMs: 9, value: 7 },
  ];
  assert.is(peakOf(points, 5), 7);
  assert.is(peakOf([], 0), 0);
});

test('a line runs from left to right, and its area along the lower edge', () => {
  const points = [
    { atMs: 0, value: 0 },
    { atMs: 5000, value: 5 },
    { atMs: 10_000, value: 10 },
  ];
  assert.equal(shapeOf(points, FRAME), {
    line: 'M0.0,10.0L50.0,5.0L100.0,0.0',
    area: 'M0.0,10.0L0.0,10.0L50.0,5.0L100.0,0.0L100.0,10.0Z',
  });
});

test('a missing value breaks the line, and a value alone is a short stroke', () => {
  const points = [
    { atMs: 0, value: 1 },
    { atMs: 1000, value: 2 },
    { atMs: 2000, value: null },
    { atMs: 3000, value: null },
    { atMs: 10_000, value: 10 },
  ];
  const { line, area } = shapeOf(points, FRAME);
  assert.is(line, 'M0.0,9.0L10.0,8.0M99.0,0.0L100.0,0.0');
  assert.is(area.match(/M/g)!.length, 1);
  assert.equal(shapeOf([], FRAME), { line: '', area: '' });
});

test('what is outside stays outside, and of one column of pixels the highest is drawn', () => {
  const points = [
    { atMs: -5000, value: 9 },
    { atMs: 5000, value: 1 },
    { atMs: 5010, value: 8 },
    { atMs: 5020, value: 99 },
    { atMs: 10_000, value: -3 },
  ];
  assert.is(shapeOf(points, FRAME).line, 'M50.0,0.0L100.0,10.0');
});

test('no shape holds anything but numbers, whatever the values are', () => {
  for (const windowMs of [1, 1000, 3_600_000]) {
    const points = Array.from({ length: 500 }, (_, at) => ({ atMs: at * 20, value: at % 7 === 0 ? null : at ** 3 }));
    const { line, area } = shapeOf(points, { ...FRAME, windowMs });
    assert.match(line + area, /^[MLZ\d.,-]*$/);
    assert.not.match(line + area, /NaN/);
  }
});

test.run();
