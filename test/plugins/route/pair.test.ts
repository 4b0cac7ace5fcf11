/** Two servers of this project in one cluster. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodiesIn, clientOf, type Node, startNode, untilHeard, withNodes } from './nodes.ts';
import { ACCOUNTS, PAIR_BEHAVIOURS } from './pair-behaviours.ts';

for (const [what, play] of Object.entries(PAIR_BEHAVIOURS)) {
  test(what, () =>
    withNodes(async (add) => {
      const one = await add(startNode('A', { text: ACCOUNTS }));
      const other = await add(startNode('B', { text: ACCOUNTS, routes: [one.clusterPort] }));
      await play(one, other);
      await play(other, one);
    }),
  );
}

interface Ends {
  readonly sent: { readonly msgs: number; readonly routes: { readonly msgs: number; readonly bytes: number } };
  readonly received: Ends['sent'];
}

/** What /accstatz says of the account without a name. */
async function statisticsOf({ server }: Node): Promise<Ends> {
  const address = server!.host.capabilities.find('monitor.address')!.value as { urls(): string[] };
  const answer = await fetch(`${address.urls()[0]}/accstatz?unused=1`);
  const { account_statz: accounts } = (await answer.json()) as { account_statz: (Ends & { acc: string })[] };
  return accounts.find(({ acc }) => acc === '$G')!;
}

test('messages that went over routes count for their account on both sides, when the route is gone as well', () =>
  withNodes(async (add) => {
    const text = 'http: "127.0.0.1:-1"';
    const one = await add(startNode('A', { text }));
    const other = await add(startNode('B', { text, routes: [one.clusterPort] }));
    const [near, far] = [await clientOf(one), await clientOf(other)];
    far.send('SUB a 1\r\n');
    await untilHeard(near, far, 'a');
    const [sentBefore, receivedBefore] = [await statisticsOf(one), await statisticsOf(other)];
    near.send('PUB a 5\r\nhello\r\nHPUB a 12 15\r\nNATS/1.0\r\n\r\nbye\r\n');
    await far.until(/bye\r\n/);
    const [{ sent }, { received }] = [await statisticsOf(one), await statisticsOf(other)];
    assert.is(bodiesIn(far, '1').length, 2);
    for (const [now, before] of [
      [sent, sentBefore.sent],
      [received, receivedBefore.received],
    ] as const) {
      assert.is(now.msgs - before.msgs, 2);
      assert.is(now.routes.msgs - before.routes.msgs, 2);
      assert.is(now.routes.bytes - before.routes.bytes, 20);
    }
    await other.stop();
    assert.equal((await statisticsOf(one)).sent.routes, sent.routes);
    for (const { socket } of [near, far]) socket.destroy();
  }));

test.run();
