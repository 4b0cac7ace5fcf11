/** Streams over leafs of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { STREAM_STORIES } from './streams.ts';

for (const [what, play] of Object.entries(STREAM_STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
