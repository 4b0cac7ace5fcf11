/** What others wrote, before it is shown; and when to ask for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countsOf, numberOf, rowOf, rowsOf, textOf, textsOf } from '../../../plugins/dashboard/page/answers.ts';
import { Cadence, PollPlan } from '../../../plugins/dashboard/page/poll-plan.ts';
import { troublesIn } from '../../../plugins/dashboard/page/trouble.ts';

const STRANGE = [undefined, null, 'x', 7, true, [], {}, Number.NaN];

test('answers of another kind than expected become something that can be shown', () => {
  for (const value of STRANGE) {
    assert.ok(Number.isFinite(numberOf(value)));
    assert.type(textOf(value), 'string');
    assert.type(rowOf(value), 'object');
    for (const list of [rowsOf(value), textsOf(value)]) assert.ok(Array.isArray(list));
    assert.instance(countsOf(value), Map);
  }
  assert.equal(rowsOf([null, { a: 1 }, 3]), [{}, { a: 1 }, {}]);
  assert.is(numberOf(18_446_744_073_709_552_000), 18_446_744_073_709_552_000);
});

test('a text keeps to its length, and has no character that nobody sees', () => {
  assert.is(textOf('<img src=x onerror=alert(1)>'), '<img src=x onerror=alert(1)>');
  assert.is(textOf('a\u202eb\u0000c\u200bd\ne'), 'a\ufffdb\ufffdc\ufffdd\ufffde');
  assert.is(textOf('x'.repeat(200)).length, 200);
  const long = textOf('x'.repeat(201));
  assert.equal([long.length, long.at(-1)], [200, '…']);
  assert.is(textOf('ünïcode 😀'), 'ünïcode 😀');
});

test('what went wrong is listed by reason, without what never happened', () => {
  const troubles = troublesIn({
    slow_consumers: { 'Slow Consumer (Pending Bytes)': 2, Other: 1 },
    dropped_deliveries: { slow: 9, closed: 0, strange: 1 },
    stalls: 4,
    stale_connections: 0,
    limit_hits: { publishPermissions: 3, payload: 0 },
    hook_failures: { 'connection.hello': 1 },
    more: { 'monitoring.turned_away_total': 5, 'auth.waiting': 8 },
  });
  assert.equal(
    troubles.map(({ what, reason, count }) => [what, reason, count]),
    [
      ['Slow consumer', 'pending bytes', 2],
      ['Slow consumer', 'Other', 1],
      ['Dropped message', 'the receiver was too slow', 9],
      ['Dropped message', 'strange', 1],
      ['Stalled producer', 'a receiver was slow', 4],
      ['Refused', 'publish permissions', 3],
      ['Plugin failed', 'in the hook connection.hello', 1],
      ['Plugin', 'monitoring.turned away', 5],
    ],
  );
  assert.equal(troublesIn({}), []);
  assert.equal(troublesIn({ slow_consumers: 'x', stalls: 'many' }), []);
});

test('a server that does not answer is asked more and more seldom, up to ten seconds', () => {
  const plan = new PollPlan(2000);
  assert.equal([plan.delayMs, plan.isReconnecting], [2000, false]);
  const delays = Array.from({ length: 6 }, () => {
    plan.failed();
    return plan.delayMs;
  });
  assert.equal([delays, plan.isReconnecting], [[1000, 2000, 4000, 8000, 10_000, 10_000], true]);
  plan.succeeded();
  assert.equal([plan.delayMs, plan.isReconnecting], [2000, false]);
});

test('what is seldom asked for is due after its time, when hurried, and when the clock was put back', () => {
  const cadence = new Cadence(10_000);
  assert.equal(
    [0, 9999, 10_000, 15_000].map((now) => cadence.isDue(now)),
    [true, false, true, false],
  );
  cadence.hurry();
  assert.ok(cadence.isDue(15_001));
  assert.ok(cadence.isDue(3));
});

test.run();
