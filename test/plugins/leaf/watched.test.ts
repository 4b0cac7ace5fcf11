/** Events of leafs among servers of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { WATCH_STORIES } from './watched.ts';

for (const [what, play] of Object.entries(WATCH_STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
