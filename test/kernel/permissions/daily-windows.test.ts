import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DailyWindows } from '../../../kernel/permissions/daily-windows.ts';

function windows(zone: string, ...spans: [start: string, end: string][]): DailyWindows {
  const read = DailyWindows.from(
    spans.map(([start, end]) => ({ start, end })),
    zone,
  );
  if ('failure' in read) throw new Error(read.failure);
  return read;
}

/** The end as text, so that a failure is readable. */
function endAt(hours: DailyWindows, now: string): string | null {
  const end = hours.endAfter(Date.parse(now));
  return end === null ? null : new Date(end).toISOString().replace('.000', '');
}

test('inside a window the end of it is known, outside there is none', () => {
  const hours = windows('UTC', ['08:00:00', '17:00:00']);
  assert.is(endAt(hours, '2026-01-15T07:59:59Z'), null);
  assert.is(endAt(hours, '2026-01-15T08:00:00Z'), '2026-01-15T17:00:00Z');
  assert.is(endAt(hours, '2026-01-15T16:59:59Z'), '2026-01-15T17:00:00Z');
  assert.is(endAt(hours, '2026-01-15T17:00:00Z'), null);
});

test('a window that crosses midnight is open on both sides of it', () => {
  const hours = windows('UTC', ['22:00:00', '06:00:00']);
  assert.is(endAt(hours, '2026-01-15T23:00:00Z'), '2026-01-16T06:00:00Z');
  assert.is(endAt(hours, '2026-01-16T03:00:00Z'), '2026-01-16T06:00:00Z');
  assert.is(endAt(hours, '2026-01-16T12:00:00Z'), null);
});

test('where windows overlap the latest end counts', () => {
  const hours = windows('UTC', ['08:00:00', '12:00:00'], ['11:00:00', '15:00:00']);
  assert.is(endAt(hours, '2026-01-15T11:30:00Z'), '2026-01-15T15:00:00Z');
});

test('windows without any length, and no windows at all, are never open', () => {
  assert.is(endAt(windows('UTC', ['08:00:00', '08:00:00']), '2026-01-15T08:00:00Z'), null);
  assert.is(endAt(windows('UTC'), '2026-01-15T08:00:00Z'), null);
});

test('the times are those of the zone, also on the other side of the date line', () => {
  const zurich = windows('Europe/Zurich', ['08:00:00', '17:00:00']);
  assert.is(endAt(zurich, '2026-01-15T07:30:00Z'), '2026-01-15T16:00:00Z');
  assert.is(endAt(zurich, '2026-07-15T06:30:00Z'), '2026-07-15T15:00:00Z');
  const auckland = windows('Pacific/Auckland', ['00:00:00', '01:00:00']);
  assert.is(endAt(auckland, '2026-01-14T11:30:00Z'), '2026-01-14T12:00:00Z');
});

test('a night in which clocks change is shorter, or longer', () => {
  const zurich = windows('Europe/Zurich', ['22:00:00', '06:00:00']);
  assert.is(endAt(zurich, '2026-03-28T23:00:00Z'), '2026-03-29T04:00:00Z');
  assert.is(endAt(zurich, '2026-10-24T23:00:00Z'), '2026-10-25T05:00:00Z');
});

test('a window that begins in the hour that is skipped opens after the jump', () => {
  const zurich = windows('Europe/Zurich', ['02:30:00', '05:00:00']);
  assert.is(endAt(zurich, '2026-03-29T00:59:59Z'), null);
  assert.is(endAt(zurich, '2026-03-29T01:30:00Z'), '2026-03-29T03:00:00Z');
});

test('the last second of a day belongs to it', () => {
  const hours = windows('UTC', ['00:00:00', '23:59:59']);
  assert.is(endAt(hours, '2026-12-31T23:59:58Z'), '2026-12-31T23:59:59Z');
});

test('what is no time or no zone is refused by name', () => {
  const failure = (start: string, zone: string): string =>
    (DailyWindows.from([{ start, end: '10:00:00' }], zone) as { failure: string }).failure;
  for (const time of ['', '8:00:00', '24:00:00', '08:60:00', '08:00', 'noon', '08:00:00Z']) {
    assert.is(failure(time, 'UTC'), `${JSON.stringify(time)} is no time of day, as in "08:30:00"`);
  }
  assert.is(failure('08:00:00', 'Mars/Olympus'), 'unknown time zone "Mars/Olympus"');
});

test.run();
