/** Times, durations and TTLs as texts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDurationText, parseDurationText } from '../../../protocols/jetstream/duration-text.ts';
import { NEVER, parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import { formatNanos, formatTime, parseTime, ZERO_NANOS } from '../../../protocols/jetstream/timestamp.ts';

const SECOND = 1_000_000_000n;

test('durations read as people write them', () => {
  const table: readonly (readonly [string, bigint | null])[] = [
    ['0', 0n],
    ['1s', SECOND],
    ['-1s', -SECOND],
    ['1h30m', 5400n * SECOND],
    ['1.5s', 1_500_000_000n],
    ['.5s', 500_000_000n],
    ['1.s', SECOND],
    ['100ms', 100_000_000n],
    ['3µs', 3_000n],
    ['7ns', 7n],
    ['2540400h10m10s', 9145440610n * SECOND],
    ['', null],
    ['s', null],
    ['.s', null],
    ['1', null],
    ['1x', null],
    ['1s2', null],
    ['9999999999h', null],
    ['+', null],
  ];
  for (const [text, expected] of table) assert.is(parseDurationText(text), expected, text);
});

test('durations print in the shortest way that says it all, and read back the same', () => {
  const table: readonly (readonly [bigint, string])[] = [
    [0n, '0s'],
    [1n, '1ns'],
    [1_500n, '1.5µs'],
    [250_000_000n, '250ms'],
    [1_500_000_000n, '1.5s'],
    [60n * SECOND, '1m0s'],
    [3_661n * SECOND, '1h1m1s'],
    [-SECOND, '-1s'],
  ];
  for (const [nanos, text] of table) {
    assert.is(formatDurationText(nanos), text);
    assert.is(parseDurationText(text), nanos);
  }
});

test('times keep their nanoseconds and the offset they were written with', () => {
  for (const text of [
    '2026-01-02T03:04:05.000000001Z',
    '2020-01-01T01:00:00.12+02:00',
    '2020-01-01T01:00:00-09:30',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999Z',
  ]) {
    const time = parseTime(text);
    if (typeof time === 'string') return assert.unreachable(time);
    assert.is(formatTime(time), text);
  }
  assert.is(formatNanos(ZERO_NANOS), '0001-01-01T00:00:00Z');
  assert.is(formatNanos(-1n), '1969-12-31T23:59:59.999999999Z');
});

test('what is wrong with a time is said in the words of nats-server', () => {
  const layout = 'as "2006-01-02T15:04:05Z07:00"';
  const table = [
    ['2020', `parsing time "2020" ${layout}: cannot parse "" as "-"`],
    ['', `parsing time "" ${layout}: cannot parse "" as "2006"`],
    ['2020-13-01T00:00:00Z', 'parsing time "2020-13-01T00:00:00Z": month out of range'],
    ['2020-02-30T00:00:00Z', 'parsing time "2020-02-30T00:00:00Z": day out of range'],
    ['2020-01-01T25:00:00Z', 'parsing time "2020-01-01T25:00:00Z": hour out of range'],
    ['2020-01-01 00:00:00Z', `parsing time "2020-01-01 00:00:00Z" ${layout}: cannot parse " 00:00:00Z" as "T"`],
    ['2020-01-01T00:00:00', `parsing time "2020-01-01T00:00:00" ${layout}: cannot parse "" as "Z07:00"`],
  ] as const;
  for (const [text, expected] of table) assert.is(parseTime(text), expected);
});

test('a TTL is seconds, a duration, or never', () => {
  const table: readonly (readonly [string, number | null])[] = [
    ['1', 1],
    ['3600', 3600],
    ['1h30m', 5400],
    ['1500ms', 1],
    ['never', NEVER],
    ['NEVER', NEVER],
    ['0', null],
    ['500ms', null],
    ['-1', null],
    ['-5s', null],
    ['foo', null],
    ['', null],
    ['99999999999999999999', null],
  ];
  for (const [text, expected] of table) assert.is(parseTtl(text), expected, text);
});

test.run();
