import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../../kernel/config/grammar/parse.ts';
import { plainOf } from '../../../../kernel/config/plain.ts';
import { comparable, filesOf, load, said } from '../config-reading.ts';
import { FILE_CASES } from './file-cases.ts';
import { VALUE_CASES } from './value-cases.ts';

const sources = { readFile: filesOf({}), environment: {} };

test('a value is taken for what a NATS server takes it for, however it is written', () => {
  for (const [text, kind, value] of VALUE_CASES) {
    const { root, problems } = parseConfig(`z: ${text}\n`, 't.conf', sources);
    assert.equal(said(problems), [], text);
    const node = root.value.get('z')!.value;
    assert.is(node.kind, kind, text);
    assert.equal(plainOf(node), value, text);
  }
});

test('a file gets the messages a NATS server prints about it', () => {
  for (const [text, expected] of FILE_CASES) {
    const lines = said(load(text).problems);
    const actual = lines.length === 0 ? 'valid' : comparable(lines.flatMap((line) => line.split('\n')));
    assert.is(actual.trim(), expected.trim(), JSON.stringify(text));
  }
});

test('keys and elements of arrays know the line and column they stand at', () => {
  const text = 'a: 1\n  b {c: [x, "y",\n z]}\n"d"\n {}\n';
  const { root } = parseConfig(text, 't.conf', sources);
  const places = [...root.value.values()].map(({ key, line, column }) => [key, line, column]);
  assert.equal(places, [
    ['a', 1, 0],
    ['b', 2, 3],
    ['d', 4, 2],
  ]);
  const map = root.value.get('b')!.value;
  const array = map.kind === 'map' ? map.value.get('c')!.value : map;
  assert.equal([array.line, array.column], [2, 6]);
  const elements = array.kind === 'array' ? array.value.map(({ line, column }) => [line, column]) : [];
  assert.equal(elements, [
    [2, 10],
    [2, 14],
    [3, 2],
  ]);
});

test('columns count bytes', () => {
  const { root } = parseConfig('{é: 1, b: 2}', 't.conf', sources);
  assert.is(root.value.get('b')!.column, 8);
});

test('a number with a suffix nobody knows is left out with a warning', () => {
  const { root, problems } = parseConfig('a: 1kbb\nb: 2\nc: [1kibi, 3 ]', 't.conf', sources);
  assert.equal(said(problems), [
    "t.conf:1:0: '1kbb' has no known size suffix; the entry is ignored",
    "t.conf:3:5: '1kibi' has no known size suffix; the entry is ignored",
  ]);
  assert.equal([...root.value.keys()], ['b', 'c']);
});

test('a key of a map without a value is named, and does not swallow its neighbours', () => {
  const { root, problems } = parseConfig('x {a: 1, b: }\ny: 2', 't.conf', sources);
  assert.equal(said(problems), ['t.conf:1:9: "b" has no value']);
  assert.equal([...root.value.keys()], ['x', 'y']);
});

test('a text that breaks the grammar says nothing but where it breaks', () => {
  const { root, problems } = parseConfig('a: 1\nb: [', 't.conf', sources);
  assert.is(problems.length, 1);
  assert.is(root.value.size, 0);
});

test('values nested beyond all reason are refused, not followed', () => {
  const { problems } = parseConfig(`x: ${'['.repeat(100_000)}`, 't.conf', sources);
  assert.match(said(problems)[0]!, 'nested more than 1000 levels deep');
});

test('a large file on a single line is read in linear time', () => {
  const pairs = Array.from({ length: 30_000 }, (_, index) => `"key${index}": "value"`);
  const { root } = parseConfig(`{${pairs.join(', ')}}`, 't.conf', sources);
  assert.is(root.value.size, 30_000);
});

test.run();
