import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompressionMode, isPacked, levelFor, selectMode } from '../../../protocols/link/compression-mode.ts';

/** What this side has, what the other says, what comes of it here. */
const SELECTED: readonly (readonly [mine: CompressionMode, theirs: string, result: CompressionMode | null])[] = [
  ['s2_auto', 's2_auto', 's2_auto'],
  ['s2_auto', 'accept', 's2_auto'],
  ['s2_fast', 's2_best', 's2_fast'],
  ['s2_auto', 'off', 'off'],
  ['s2_auto', '', 'not supported'],
  ['s2_auto', 'not supported', 'not supported'],
  ['off', 's2_auto', 'off'],
  ['accept', 'accept', 'off'],
  ['accept', 's2_auto', 's2_fast'],
  ['accept', 's2_better', 's2_better'],
  ['not supported', 's2_fast', 'not supported'],
  ['s2_auto', 'zstd', null],
];

test('two wishes make one mode', () => {
  for (const [mine, theirs, result] of SELECTED) assert.is(selectMode(mine, theirs), result, `${mine} and ${theirs}`);
});

test('the farther, the better it is packed', () => {
  const levels = [0, 10, 11, 50, 51, 100, 101].map((distance) => levelFor(distance, [10, 50, 100]));
  const [none, fast, better, best] = ['s2_uncompressed', 's2_fast', 's2_better', 's2_best'];
  assert.equal(levels, [none, none, fast, fast, better, better, best]);
  assert.is(levelFor(1, [0, 50, 100]), fast, 'a threshold of 0 leaves out a level');
});

test('only the words that begin so are packed', () => {
  assert.equal((['off', 'accept', 'not supported', 's2_fast', 's2_uncompressed'] as const).map(isPacked), [
    false,
    false,
    false,
    true,
    true,
  ]);
});

test.run();
