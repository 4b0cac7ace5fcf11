/** Services across servers of this project. */
import { test } from 'uvu';
import { withNodes } from './nodes.ts';
import { SERVICE_STORIES } from './services.ts';

for (const [what, play] of Object.entries(SERVICE_STORIES)) test(what, () => withNodes((add) => play(add, '', '')));

test.run();
