/** What clients of a hub and of its leaf see, whichever servers these are. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { bodiesIn, clientOf, type Node, settled, untilHeard } from '../route/nodes.ts';
import { PAIR_BEHAVIOURS } from '../route/pair-behaviours.ts';
import type { RawClient } from '../running-server.ts';

type Behaviour = (one: Node, other: Node) => Promise<void>;

function closeAll(...clients: RawClient[]): void {
  for (const client of clients) client.socket.destroy();
}

/** Of servers of a cluster the same holds. */
const SHARED = [
  'a message reaches subscribers on the other server once',
  'headers travel along',
  'interest that is gone is gone on the other server as well',
  'a large message arrives whole',
  'a request is answered by a responder on the other server',
] as const;

export const LEAF_BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ...Object.fromEntries(SHARED.map((what) => [what, PAIR_BEHAVIOURS[what]!])),

  'members of a group near the publisher come first': async (one, other) => {
    const [near, far] = [await clientOf(one), await clientOf(other)];
    far.send('SUB q.> g 1\r\nSUB q.> far 2\r\n');
    await untilHeard(near, far, 'q.x');
    near.send('SUB q.* g 3\r\n');
    await settled(near, far);
    near.text = '';
    far.text = '';
    for (let count = 10; count < 60; count++) near.send(`PUB q.x 2\r\n${count}\r\n`);
    await until(async () => {
      await settled(near, far);
      return bodiesIn(near, '3').length >= 50 && bodiesIn(far, '2').length >= 50;
    });
    assert.equal([bodiesIn(near, '3').length, bodiesIn(far, '1').length, bodiesIn(far, '2').length], [50, 0, 50]);
    closeAll(near, far);
  },

  'a group that is only on the other server shares its messages': async (one, other) => {
    const [near, far] = [await clientOf(one), await clientOf(other)];
    far.send('SUB s g 1\r\nSUB s g 2\r\nSUB s 3\r\n');
    await untilHeard(near, far, 's');
    for (let count = 10; count < 60; count++) near.send(`PUB s 2\r\n${count}\r\n`);
    const members = (): string[] => [...bodiesIn(far, '1'), ...bodiesIn(far, '2')];
    await until(async () => {
      await settled(near, far);
      return members().length >= 50 && bodiesIn(far, '3').length >= 50;
    });
    assert.equal([members().length, new Set(members()).size, bodiesIn(far, '3').length], [50, 50, 50]);
    closeAll(near, far);
  },

  'what a client publishes does not come back to it over the other server': async (one, other) => {
    const [near, far] = [await clientOf(one), await clientOf(other)];
    far.send('SUB both 1\r\n');
    await untilHeard(near, far, 'both');
    near.send('SUB both 2\r\n');
    await settled(near, far);
    near.text = '';
    near.send('PUB both 3\r\none\r\n');
    await far.until(/MSG both 1 3\r\none/);
    await settled(far, near, far);
    assert.equal(bodiesIn(near, '2'), ['one']);
    closeAll(near, far);
  },
};
