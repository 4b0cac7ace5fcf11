/** Traces across servers of this project. */
import { test } from 'uvu';
import { withNodes } from '../route/nodes.ts';
import { TRACE_STORIES } from './traced.ts';

for (const [what, play] of Object.entries(TRACE_STORIES)) {
  test(what, () => withNodes((add) => play(add, { a: '', b: '', leaf: '' })));
}

test.run();
