import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../kernel/config/grammar/parse.ts';
import { isSame } from '../../../kernel/config/same-value.ts';
import { filesOf } from './config-reading.ts';

const PAIRS: [left: unknown, right: unknown, isSame: boolean][] = [
  [1, 1, true],
  [1, 2, false],
  [1, '1', false],
  [1n, 1, true],
  [0, false, false],
  [null, undefined, false],
  [null, {}, false],
  [undefined, () => 1, true],
  [() => 1, () => 2, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1 }, { a: 1, b: 1 }, false],
  [{ a: 1, place: { line: 1 } }, { a: 1, place: { line: 2 } }, true],
  [{ a: { blockPlace: 1 } }, { a: { blockPlace: 2 } }, true],
  [[1, [2]], [1, [2]], true],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [[], {}, false],
  [new Map([['a', 1]]), new Map([['a', 1]]), true],
  [
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
    new Map([
      ['b', 2],
      ['a', 1],
    ]),
    true,
  ],
  [new Map([['a', 1]]), new Map([['b', 1]]), false],
  [new Map([['a', 1]]), new Map(), false],
];

test('two values are the same when they say the same, wherever they stand', () => {
  for (const [left, right, expected] of PAIRS) {
    assert.is(isSame(left, right), expected, `${String(left)} and ${String(right)}`);
    assert.is(isSame(right, left), expected, `${String(right)} and ${String(left)}`);
  }
});

const TEXTS: [left: string, right: string, isSame: boolean][] = [
  ['a: 1', '\n\n  "a" = 1', true],
  ['a: 1', 'a: "1"', false],
  ['a: true', 'a: "true"', false],
  ['a: {b: 1, c: [x, {d: y}]}', 'a {c: ["x", {d: y}], b: 1}', true],
  ['a: {b: 1}', 'a: {b: 2}', false],
  ['a: {b: 1}', 'a: {b: 1, c: 1}', false],
  ['a: [1 ]', 'a: [2 ]', false],
  ['a: [1 ]', 'a: {b: 1}', false],
  ['a: [1 ]', 'a: 1', false],
  ['a: 1k', 'a: 1000', true],
  ['a: 9223372036854775807', 'a: 9223372036854775807', true],
  ['a: 9223372036854775807', 'a: 9223372036854775806', false],
];

test('so are two nodes of a configuration', () => {
  const rootOf = (text: string): unknown => {
    const { root, problems } = parseConfig(text, 't.conf', { readFile: filesOf({}), environment: {} });
    assert.equal(problems, []);
    return root;
  };
  for (const [left, right, expected] of TEXTS) {
    assert.is(isSame(rootOf(left), rootOf(right)), expected, `${left} and ${right}`);
  }
});

test.run();
