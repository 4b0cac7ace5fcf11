/** When scheduled messages are due. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCron } from '../../../protocols/jetstream/cron.ts';
import { dueText, firstDue, nextDue, parseSchedule, type Schedule } from '../../../protocols/jetstream/schedule.ts';

const NOW = Date.UTC(2026, 0, 31, 23, 59, 58, 500);

function due(pattern: string, zone: string | null = null, now = NOW): string {
  const schedule = parseSchedule(pattern, zone);
  if (typeof schedule === 'string') return schedule;
  const at = firstDue(schedule, now);
  return at === null ? 'never' : dueText(schedule, at);
}

test('the calendar says the first match after the current second', () => {
  const table = [
    ['* * * * * *', '2026-01-31T23:59:59Z'],
    ['0 * * * * *', '2026-02-01T00:00:00Z'],
    ['@hourly', '2026-02-01T00:00:00Z'],
    ['@monthly', '2026-02-01T00:00:00Z'],
    ['@yearly', '2027-01-01T00:00:00Z'],
    ['@weekly', '2026-02-01T00:00:00Z'],
    ['0 30 9 * * mon-fri', '2026-02-02T09:30:00Z'],
    ['0 0 0 29 feb *', '2028-02-29T00:00:00Z'],
    ['0 0 0 13 * fri', '2026-02-06T00:00:00Z'],
    ['*/20 5/25 * * * ?', '2026-02-01T00:05:00Z'],
    ['0 0 0 31 2 *', 'never'],
  ] as const;
  for (const [pattern, expected] of table) assert.is(due(pattern), expected, pattern);
});

test('the clock of a time zone is meant where one is named, also when it is put forward or back', () => {
  assert.is(due('0 0 12 * * *', 'America/New_York'), '2026-02-01T12:00:00-05:00');
  const march = Date.UTC(2026, 2, 29, 0, 0, 0);
  assert.is(due('0 30 2 * * *', 'Europe/Berlin', march), '2026-03-30T02:30:00+02:00');
  assert.is(due('0 30 3 * * *', 'Europe/Berlin', march), '2026-03-29T03:30:00+02:00');
});

test('a time counts once, and an interval again and again', () => {
  assert.is(due('@at 2030-01-01T00:00:00Z'), '2030-01-01T00:00:00Z');
  assert.is(due('@at 2020-01-01T00:00:00Z'), '2020-01-01T00:00:00Z');
  const once = parseSchedule('@at 2030-01-01T00:00:00Z', null) as Schedule;
  assert.is(nextDue(once, NOW), null);
  const every = parseSchedule('@every 1m', null) as Schedule;
  assert.is(firstDue(every, 1_000_000), 1_060_000);
  assert.is(nextDue(every, 1_000_400), 1_060_000);
});

test('what is no schedule is refused', () => {
  for (const pattern of [
    '',
    '@at soon',
    '@every 500ms',
    '@every',
    '@often',
    '* * * * *',
    '60 * * * * *',
    '* * * * 13 *',
  ]) {
    assert.is(due(pattern), 'pattern', pattern);
  }
  for (const pattern of [
    '* * * * * 7',
    '5-1 * * * * *',
    '*/0 * * * * *',
    '-1 * * * * *',
    '1-2-3 * * * * *',
    'a * * * * *',
  ]) {
    assert.is(parseCron(pattern), null, pattern);
  }
  assert.is(due('* * * * * *', ''), 'zone');
  assert.is(due('* * * * * *', 'Nowhere/Land'), 'zone');
  assert.is(due('@every 1m', 'UTC'), 'pattern');
});

test.run();
