import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { localWireTime, rttText, uptimeText, wireTime } from '../../kernel/wire-text.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

test('times have no more digits than they need', () => {
  const cases: [number, string][] = [
    [Date.UTC(2026, 10, 20, 1, 2, 3), '2026-11-20T01:02:03Z'],
    [Date.UTC(2026, 10, 20, 1, 2, 3, 120), '2026-11-20T01:02:03.12Z'],
    [Date.UTC(2026, 10, 20, 1, 2, 30, 7), '2026-11-20T01:02:30.007Z'],
    [Date.UTC(2026, 10, 20, 10, 20, 0), '2026-11-20T10:20:00Z'],
    [0, '1970-01-01T00:00:00Z'],
    [10, '1970-01-01T00:00:00.01Z'],
    [1500, '1970-01-01T00:00:01.5Z'],
  ];
  for (const [milliseconds, text] of cases) assert.is(wireTime(milliseconds), text);
});

test('the time of a connection is the local one, and means the same moment', () => {
  const moment = Date.UTC(2026, 6, 1, 12, 0, 0, 500);
  const text = localWireTime(moment);
  assert.match(text, /(Z|[+-]\d\d:\d\d)$/);
  assert.is(Date.parse(text), moment);
});

test('how long something has lasted is told in the largest units', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [-5, '0s'],
    [45_999, '45s'],
    [185 * SECOND, '3m5s'],
    [7209 * SECOND, '2h0m9s'],
    [4 * DAY + 7209 * SECOND, '4d2h0m9s'],
    [365 * DAY + 4 * DAY + 7209 * SECOND, '1y4d2h0m9s'],
    [365 * DAY, '1y0d0h0m0s'],
  ];
  for (const [milliseconds, text] of cases) assert.is(uptimeText(milliseconds), text);
});

test('round-trip times look as Go prints them', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [0.0005, '500ns'],
    [0.444_9, '444µs'],
    [1.71462, '1.71462ms'],
    [2500, '2.5s'],
    [61_000, '1m1s'],
    [3_661_000, '1h1m1s'],
  ];
  for (const [milliseconds, text] of cases) assert.is(rttText(milliseconds), text);
});

test.run();
