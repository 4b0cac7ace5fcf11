/** Directories of accounts at servers of this project that form a cluster. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { DIRECTORY_STORIES } from './clustered.ts';

for (const [what, play] of Object.entries(DIRECTORY_STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
