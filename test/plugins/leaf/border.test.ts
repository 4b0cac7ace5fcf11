/** What may cross lines to leafs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { borderToLeaf } from '../../../plugins/leaf/border.ts';

const STREAMS = { both: ['$JS.API.>'], outgoing: [] };

function userMaySend(allow: string[]) {
  return { publish: { allow, deny: [] }, subscribe: { allow: null, deny: [] }, responses: null };
}

test('leafs that may do the same share one border, and no others do', () => {
  const one = borderToLeaf(userMaySend(['a']), ['kept'], STREAMS);
  assert.is(borderToLeaf(userMaySend(['a']), ['kept'], { ...STREAMS }), one);
  for (const [rules, kept, barred] of [
    [userMaySend(['b']), ['kept'], STREAMS],
    [null, ['kept'], STREAMS],
    [userMaySend(['a']), ['other'], STREAMS],
    [userMaySend(['a']), ['kept'], { both: [], outgoing: ['$JS.API.>'] }],
  ] as const) {
    const other = borderToLeaf(rules, kept, barred);
    assert.is.not(other, one);
    assert.is.not(borderToLeaf(userMaySend(['a']), ['kept'], STREAMS), other, 'what came after it is not taken for it');
  }
});

test.run();
