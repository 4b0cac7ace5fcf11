/** A hub and a leaf of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { LEAF_BEHAVIOURS } from './behaviours.ts';
import { hubText, spokeText, startLeafNode } from './nodes.ts';

for (const [what, play] of Object.entries(LEAF_BEHAVIOURS)) {
  test(what, () =>
    withNodes(async (add) => {
      const hub = startLeafNode('hub', hubText());
      await add(hub);
      const leaf = await add(startLeafNode('leaf', spokeText(await hub)));
      await play(await hub, leaf);
      await play(leaf, await hub);
    }),
  );
}

test.run();
