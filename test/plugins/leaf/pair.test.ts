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

for (const mode of ['off', 'accept', 's2_fast', 's2_better', 's2_best'] as const) {
  test(`what the leaf says with compression "${mode}" the hub understands, and the other way round`, () =>
    withNodes(async (add) => {
      const hub = startLeafNode('hub', hubText());
      await add(hub);
      const leaf = await add(startLeafNode('leaf', spokeText(await hub, `compression: ${mode}`)));
      for (const play of Object.values(LEAF_BEHAVIOURS)) await play(await hub, leaf);
      await LEAF_BEHAVIOURS['a large message arrives whole']!(leaf, await hub);
    }));
}

test.run();
