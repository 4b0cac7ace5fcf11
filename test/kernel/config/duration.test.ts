import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDuration, parseDuration } from '../../../kernel/config/duration.ts';

const HOUR = 3_600_000;

const READ: readonly (readonly [text: string, ms: number])[] = [
  ['0', 0],
  ['-0', 0],
  ['1s', 1000],
  ['1h30m5.5s', 1.5 * HOUR + 5500],
  ['-5s', -5000],
  ['+5s', 5000],
  ['.5s', 500],
  ['5.s', 5000],
  ['1µs', 0.001],
  ['1μs', 0.001],
  ['1us', 0.001],
  ['1ns', 0.000001],
  ['250ms', 250],
  ['2m', 120_000],
  ['2562047h47m16.854775807s', 9223372036854.775],
];

const REFUSED: readonly (readonly [text: string, failure: string])[] = [
  ['', 'time: invalid duration ""'],
  ['abc', 'time: invalid duration "abc"'],
  ['-', 'time: invalid duration "-"'],
  ['.', 'time: invalid duration "."'],
  ['-.s', 'time: invalid duration "-.s"'],
  [' 5s', 'time: invalid duration " 5s"'],
  ['999999999999h', 'time: invalid duration "999999999999h"'],
  ['5', 'time: missing unit in duration "5"'],
  ['5s5', 'time: missing unit in duration "5s5"'],
  ['5x', 'time: unknown unit "x" in duration "5x"'],
  ['5 s', 'time: unknown unit " s" in duration "5 s"'],
  ['1d', 'time: unknown unit "d" in duration "1d"'],
  ['1sm', 'time: unknown unit "sm" in duration "1sm"'],
  ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
];

const WRITTEN: readonly (readonly [ms: number, text: string])[] = [
  [0, '0s'],
  [0.000001, '1ns'],
  [0.1, '100µs'],
  [1.5, '1.5ms'],
  [1000.000001, '1.000000001s'],
  [29_500, '29.5s'],
  [-90_000, '-1m30s'],
  [120_000, '2m0s'],
  [HOUR, '1h0m0s'],
  [-HOUR - 300_000, '-1h5m0s'],
];

test('a duration is read as Go reads it', () => {
  for (const [text, ms] of READ) assert.equal(parseDuration(text), { ms }, text);
});

test('what is no duration is refused in the words of Go', () => {
  for (const [text, failure] of REFUSED) assert.equal(parseDuration(text), { failure }, text);
});

test('a duration is written as Go writes it', () => {
  for (const [ms, text] of WRITTEN) assert.is(formatDuration(ms), text);
});

test('what is written is read as the same', () => {
  for (const [ms, text] of WRITTEN) assert.equal(parseDuration(text), { ms }, text);
});

test.run();
