/** Accounts of hubs and leafs of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { ACCOUNT_STORIES } from './accounts.ts';

for (const [what, play] of Object.entries(ACCOUNT_STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
