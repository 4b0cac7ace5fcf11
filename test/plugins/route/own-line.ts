/** An account that one server of a pair gives a connection of its own, while the other one has not heard of that. */
import * as assert from 'uvu/assert';
import { type AddNode, bodiesIn, clientOf, settled, startNode, untilHeard } from './nodes.ts';

const APP = 'accounts { APP { users: [{user: app, password: app}] } }\nno_auth_user: app';

/** The first connects to the second, and is the one that is reloaded. Each is of this project where its program is empty. */
export async function giveOwnLine(add: AddNode, first: string, second: string): Promise<void> {
  const other = await add(startNode('other', { text: APP }, second));
  const one = await add(startNode('one', { text: APP, routes: [other.clusterPort] }, first));
  const clients = await Promise.all([clientOf(one), clientOf(other)]);
  const [near, far] = clients;
  near.send('SUB to.near 1\r\n');
  far.send('SUB to.far 1\r\n');
  const areHeard = async (): Promise<void> => {
    await untilHeard(near, far, 'to.far');
    await untilHeard(far, near, 'to.near');
    near.send('PUB to.far 3\r\none\r\n');
    far.send('PUB to.near 3\r\none\r\n');
    await settled(...clients, ...clients);
    assert.equal([bodiesIn(near, '1'), bodiesIn(far, '1')], [['one'], ['one']]);
  };
  await areHeard();
  await one.dedicate(['APP']);
  await areHeard();
  if (second !== '') return;
  await one.dedicate([]);
  await areHeard();
}
