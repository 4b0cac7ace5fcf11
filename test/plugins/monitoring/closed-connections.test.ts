/** What is remembered of connections that are gone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLIENT_SINK, Subscription } from '../../../kernel/routing/subscription.ts';
import { ClosedConnections, PAST_SUBSCRIPTIONS_MAX } from '../../../plugins/monitoring/closed-connections.ts';
import type { MonitoredFacts } from '../../../plugins/monitoring/connection-facts.ts';
import { withMonitor } from './monitored-server.ts';

function gone(closed: ClosedConnections, id: number, subscriptions: number): void {
  const sink = { kind: CLIENT_SINK } as never;
  const list = Array.from({ length: subscriptions }, (_, at) => new Subscription(sink, `s.${at}`, '', String(at)));
  closed.add({ id, subscriptions } as MonitoredFacts, list);
}

test('what a connection subscribed to stays to be seen when it is gone', () =>
  withMonitor('', async ({ client, rows, get }) => {
    const { socket } = await client('SUB foo.* q 1\r\nSUB bar 2\r\nUNSUB 2 10\r\nPUB bar 1\r\nx\r\n');
    socket.destroy();
    while ((await get('/varz')).connections !== 0);
    const [plain] = await rows('/connz?state=closed');
    assert.equal([plain!.subscriptions, plain!.subscriptions_list], [2, undefined]);
    const [listed] = await rows('/connz?state=closed&subs=1');
    assert.equal((listed!.subscriptions_list as string[]).sort(), ['bar', 'foo.*']);
    const [detailed] = await rows('/connz?state=closed&subs=detail');
    assert.equal(detailed!.subscriptions_list_detail, [
      { account: '$G', account_tag: '$G', subject: 'foo.*', qgroup: 'q', sid: '1', msgs: 0, cid: 1 },
      { account: '$G', account_tag: '$G', subject: 'bar', sid: '2', msgs: 1, max: 10, cid: 1 },
    ]);
    assert.is((await get('/varz')).subscriptions, 0);
  }));

test('as many subscriptions are remembered as may be, and then the oldest lists are let go of', () => {
  const closed = new ClosedConnections(10);
  gone(closed, 1, 1);
  gone(closed, 2, PAST_SUBSCRIPTIONS_MAX - 1);
  assert.equal([closed.subscriptionsOf(1).length, closed.subscriptionsOf(2).length], [1, PAST_SUBSCRIPTIONS_MAX - 1]);
  assert.is(closed.forgottenLists, 0);
  gone(closed, 3, 1);
  assert.equal([closed.subscriptionsOf(1).length, closed.subscriptionsOf(3).length], [0, 1]);
  assert.is(closed.find(1)!.subscriptions, 1);
  assert.is(closed.forgottenLists, 1);
});

test('a list that is longer than all that may be remembered is not kept, and makes no room', () => {
  const closed = new ClosedConnections(10);
  gone(closed, 1, 1);
  gone(closed, 2, PAST_SUBSCRIPTIONS_MAX + 1);
  assert.equal([closed.subscriptionsOf(1).length, closed.subscriptionsOf(2).length], [1, 0]);
  assert.is(closed.find(2)!.subscriptions, PAST_SUBSCRIPTIONS_MAX + 1);
});

test('of more connections than are remembered the oldest goes, with what it subscribed to', () => {
  const closed = new ClosedConnections(2);
  for (const id of [1, 2, 3]) gone(closed, id, 5);
  assert.equal(
    closed.list().map(({ id }) => id),
    [2, 3],
  );
  assert.is(closed.subscriptionsOf(1).length, 0);
  assert.is(closed.subscriptionsOf(3).length, 5);
});

test.run();
