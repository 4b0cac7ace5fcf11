/** What a leaf may do at its hub, and what becomes of that while both run. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withNodes } from '../route/nodes.ts';
import { changePermissions } from './permission-change.ts';

test('a reload that gives a leaf other subjects holds at both ends at once, without a new connection', () =>
  withNodes(async (add) => {
    assert.ok(await changePermissions(add));
  }));

test.run();
