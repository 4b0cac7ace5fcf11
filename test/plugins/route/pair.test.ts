/** Two servers of this project in one cluster. */
import { test } from 'uvu';
import { startNode, withNodes } from './nodes.ts';
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

test.run();
