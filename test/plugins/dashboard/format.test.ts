import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as format from '../../../plugins/dashboard/page/format.ts';

/** Narrow, and not to be broken. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

const NO_NUMBERS = [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

test('what is no number is a dash, in every form', () => {
  const forms = [format.compact, format.size, format.perSecond, format.sizePerSecond, format.percent, format.whole];
  for (const form of [...forms, format.duration, format.shortTime]) {
    for (const value of NO_NUMBERS) assert.is(form(value), '–', `${form.name}(${value})`);
  }
  for (const text of ['', 'soon', '12', '-3s', '1h2x']) assert.is(format.elapsed(text), '–', text);
  for (const text of ['', 'soon', '0001-01-01T00:00:00Z']) assert.is(format.dateTime(text), '–', text);
  assert.is(format.clockTime(Number.NaN), '–');
});

const COMPACT: [number, string][] = [
  [0, '0'],
  [0.004, '0'],
  [0.5, '0.5'],
  [7, '7'],
  [9.99, '9.99'],
  [12.4, '12'],
  [999, '999'],
  [999.4, '999'],
  [999.5, '1 k'],
  [1000, '1 k'],
  [1234, '1.23 k'],
  [12_345, '12.3 k'],
  [123_456, '123 k'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [1e9, '1 G'],
  [2 ** 64, '18.4 E'],
  [1e24, '1000000 E'],
  [-1500, '-1.5 k'],
];

for (const [value, text] of COMPACT) {
  test(`${value} is shortened to ${text}`, () => assert.is(plain(format.compact(value)), text));
}

test('sizes count by 1024', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1023.6, '1 MiB'],
    [512 * 1024 ** 2, '512 MiB'],
    [3.2 * 1024 ** 4, '3.2 TiB'],
  ];
  for (const [bytes, text] of cases) assert.is(plain(format.size(bytes)), text);
  assert.is(plain(format.sizePerSecond(2048)), '2 KiB/s');
  assert.is(format.perSecond(3), '3/s');
});

test('whole numbers keep all digits, in groups', () => {
  assert.equal(
    [0, 999, 1000, 65_536, 1_234_567.6].map((value) => plain(format.whole(value))),
    ['0', '999', '1 000', '65 536', '1 234 568'],
  );
});

test('a percentage has a decimal as long as it is small', () => {
  assert.equal([0, 0.04, 3.26, 9.94, 9.96, 87.5, 180].map(format.percent), [
    '0%',
    '0%',
    '3.3%',
    '9.9%',
    '10%',
    '88%',
    '180%',
  ]);
});

test('durations show their two largest units', () => {
  const second = 1000;
  const cases: [number, string][] = [
    [0, '0s'],
    [999, '0s'],
    [17 * second, '17s'],
    [60 * second, '1m'],
    [125 * second, '2m 05s'],
    [3600 * second, '1h'],
    [3661 * second, '1h 01m'],
    [(3 * 24 + 4) * 3600 * second, '3d 04h'],
    [-1, '–'],
  ];
  for (const [milliseconds, text] of cases) assert.is(format.duration(milliseconds), text);
});

test('durations of the monitor are understood', () => {
  const cases: [string, number | null][] = [
    ['0s', 0],
    ['17s', 17_000],
    ['4d2h0m9s', (4 * 86_400 + 2 * 3600 + 9) * 1000],
    ['1y2d', (365 + 2) * 86_400_000],
    ['444µs', 0.444],
    ['1.5ms', 1.5],
    ['2.5s', 2500],
    ['12', null],
    ['s', null],
  ];
  for (const [text, milliseconds] of cases) assert.is(format.millisecondsOf(text), milliseconds, text);
  assert.equal([0, 0.444, 1.71462, 23.46, 2500].map(format.shortTime), [
    '0 ms',
    '444 µs',
    '1.71 ms',
    '23.5 ms',
    '2.5 s',
  ]);
});

test('names of counters become words', () => {
  assert.equal(['publishPermissions', 'auth.blocked_logins', 'payload'].map(format.words), [
    'publish permissions',
    'auth.blocked logins',
    'payload',
  ]);
});

test.run();
