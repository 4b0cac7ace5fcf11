/** Leafs of clusters, and clusters of leafs, of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { CLUSTER_STORIES } from './clustered.ts';

for (const [what, play] of Object.entries(CLUSTER_STORIES)) {
  test(what, () => withNodes((add) => play(add, { a: '', b: '', leaf: '' })));
}

test.run();
