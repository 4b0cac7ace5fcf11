/** Services and queue groups across servers of this project. */
import { test } from 'uvu';
import { withNodes } from './nodes.ts';
import { noSecondHop, SECOND_HOP_STORIES } from './second-hop.ts';
import { SERVICE_STORIES } from './services.ts';

const STORIES = {
  ...SERVICE_STORIES,
  ...SECOND_HOP_STORIES,
  'what others there have got already does not': noSecondHop,
};

for (const [what, play] of Object.entries(STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
