/** The texts are those of a nats-server 2.15.1, seen when it checked configurations. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MappingRule } from '../../../kernel/accounts/mapping-rule.ts';
import { type MappingPath, readMappings } from '../../../kernel/accounts/read-mappings.ts';

interface Reading {
  rules: MappingRule[];
  problems: [path: MappingPath, text: string][];
}

function read(value: unknown): Reading {
  const problems: Reading['problems'] = [];
  const rules = readMappings(value, (path, text) => problems.push([path, text]));
  return { rules, problems };
}

function destinationsOf(spec: unknown): MappingRule['destinations'] | undefined {
  const { rules, problems } = read({ a: spec });
  assert.equal(problems, []);
  return rules[0]?.destinations;
}

test('a destination is a text, a weighted entry, or a list of these', () => {
  assert.equal(destinationsOf('b'), [{ subject: 'b', weight: 100 }]);
  assert.equal(destinationsOf({ dest: 'b', weight: 50 }), [{ subject: 'b', weight: 50 }]);
  assert.equal(destinationsOf({ DESTINATION: 'b', Weight: 50 }), [{ subject: 'b', weight: 50 }]);
  assert.equal(
    destinationsOf([
      { dest: 'b', weight: 50, cluster: 'X' },
      { dest: 'c', weight: 1 },
    ]),
    [
      { subject: 'b', weight: 50, cluster: 'X' },
      { subject: 'c', weight: 1 },
    ],
  );
  assert.equal(destinationsOf({ weight: 50 }), [{ subject: '', weight: 50 }]);
  assert.equal(destinationsOf(''), [{ subject: '', weight: 100 }]);
  assert.equal(destinationsOf([]), []);
});

test('a weight is a number, or a text with or without a percent sign', () => {
  for (const weight of [50, 50n, '50', '50%', '+50%', '050']) {
    assert.equal(destinationsOf({ dest: 'b', weight }), [{ subject: 'b', weight: 50 }]);
  }
  assert.equal(destinationsOf({ dest: 'b', weight: 0 }), [{ subject: 'b', weight: 0 }]);
});

test('rules keep the order of their definition, also when subjects are numbers', () => {
  const block = new Map([
    ['b', 'x'],
    ['10', 'x'],
    ['a', 'x'],
    ['2', 'x'],
  ]);
  assert.equal(
    read(block).rules.map(({ source }) => source),
    ['b', '10', 'a', '2'],
  );
});

test('subjects become bytes, and messages show them as they were written', () => {
  assert.equal(read({ 'ä.*': 'ö.$1' }).rules, [
    { source: '\u00c3\u00a4.*', destinations: [{ subject: '\u00c3\u00b6.$1', weight: 100 }] },
  ]);
  assert.equal(read({ 'ä.*': '{{ö(1)}}' }).problems, [
    [
      ['ä.*'],
      'Error adding mapping for "ä.*" to "{{ö(1)}}" : invalid mapping destination: unknown function in {{ö(1)}}',
    ],
  ]);
});

/** spec of `a`, problems */
const PROBLEMS: readonly [unknown, Reading['problems']][] = [
  [5, [[['a'], 'Expected an entry for the mapping destination']]],
  [true, [[['a'], 'Expected an entry for the mapping destination']]],
  [1.5, [[['a'], 'Expected an entry for the mapping destination']]],
  [
    ['b', 'c'],
    [
      [['a', 0], 'Expected an entry for the mapping destination'],
      [['a', 1], 'Expected an entry for the mapping destination'],
    ],
  ],
  [{}, [[['a'], 'Missing weight for mapping destination ""']]],
  [{ dest: 'b' }, [[['a'], 'Missing weight for mapping destination "b"']]],
  [[{ dest: 'b' }, { dest: 'c', weight: 60 }], [[['a', 0], 'Missing weight for mapping destination "b"']]],
  [{ dest: 'b', weight: 101 }, [[['a', 'weight'], 'Invalid weight 101 for mapping destination']]],
  [{ dest: 'b', weight: -1 }, [[['a', 'weight'], 'Invalid weight -1 for mapping destination']]],
  [{ dest: 'b', weight: '101%' }, [[['a', 'weight'], 'Invalid weight 101 for mapping destination']]],
  [{ dest: 'b', weight: '-1%' }, [[['a', 'weight'], 'Invalid weight -1 for mapping destination']]],
  [{ dest: 'b', weight: 'x%' }, [[['a', 'weight'], 'Invalid weight "x" for mapping destination']]],
  [{ dest: 'b', weight: '%' }, [[['a', 'weight'], 'Invalid weight "" for mapping destination']]],
  [{ dest: 'b', weight: '' }, [[['a', 'weight'], 'Invalid weight "" for mapping destination']]],
  [{ dest: 'b', weight: '1.5%' }, [[['a', 'weight'], 'Invalid weight "1.5" for mapping destination']]],
  [{ dest: 'b', weight: '50%%' }, [[['a', 'weight'], 'Invalid weight "50%" for mapping destination']]],
  [{ dest: 'b', weight: ' 50%' }, [[['a', 'weight'], 'Invalid weight " 50" for mapping destination']]],
  [{ dest: 'b', weight: '0x10' }, [[['a', 'weight'], 'Invalid weight "0x10" for mapping destination']]],
  [{ dest: 'b', weight: 99999999999999 }, [[['a', 'weight'], 'Invalid weight 99999999999999 for mapping destination']]],
  [{ dest: 'b', WEIGHT: 200 }, [[['a', 'WEIGHT'], 'Invalid weight 200 for mapping destination']]],
  [{ dest: 'b', weight: true }, [[['a', 'weight'], 'Unknown entry type for weight of true']]],
  [{ dest: 'b', weight: 1.5 }, [[['a', 'weight'], 'Unknown entry type for weight of 1.5']]],
  [{ dest: 'b', weight: 0.00001 }, [[['a', 'weight'], 'Unknown entry type for weight of 1e-05']]],
  [{ dest: 'b', weight: 123456789.5 }, [[['a', 'weight'], 'Unknown entry type for weight of 1.234567895e+08']]],
  [{ dest: 'b', weight: {} }, [[['a', 'weight'], 'Unknown entry type for weight of map[]']]],
  [{ dest: 'b', weight: [] }, [[['a', 'weight'], 'Unknown entry type for weight of []']]],
  [{ dest: 'b', weight: 50, foo: 1 }, [[['a', 'foo'], 'Unknown field "foo" for mapping destination']]],
  [{ foo: 1 }, [[['a', 'foo'], 'Unknown field "foo" for mapping destination']]],
  [[{ foo: 1 }, { dest: 'b', weight: 1 }], [[['a', 0, 'foo'], 'Unknown field "foo" for mapping destination']]],
  [{ dest: 5, weight: 50 }, [[['a'], 'interface conversion: interface {} is int64, not string']]],
  [{ dest: 1.5, weight: 50 }, [[['a'], 'interface conversion: interface {} is float64, not string']]],
  [{ dest: ['b'], weight: 50 }, [[['a'], 'interface conversion: interface {} is []interface {}, not string']]],
  [{ dest: {}, weight: 50 }, [[['a'], 'interface conversion: interface {} is map[string]interface {}, not string']]],
  [[{ dest: 'b', weight: 1, cluster: false }], [[['a', 0], 'interface conversion: interface {} is bool, not string']]],
  ['b.*', [[['a'], 'Error adding mapping for "a" to "b.*" : invalid subject']]],
  [{ dest: 'b.*', weight: 50 }, [[['a'], 'Error adding mapping for "a" : invalid subject']]],
];

test('whatever is wrong with a destination is reported where it stands', () => {
  for (const [spec, problems] of PROBLEMS) assert.equal(read({ a: spec }).problems, problems, JSON.stringify(spec));
});

function weighted(...entries: [subject: string, weight: number, cluster?: string][]): unknown[] {
  return entries.map(([dest, weight, cluster = '']) => ({ dest, weight, cluster }));
}

/** destinations of `a`, problem or '' */
const SUMS: readonly [unknown[], string][] = [
  [weighted(['b', 50], ['c', 50]), ''],
  [weighted(['b', 50], ['c', 51]), 'total weight needs to be <= 100'],
  [weighted(['b', 50], ['b', 50]), 'duplicate entry for "b"'],
  [weighted(['b', 60], ['b', 60]), 'duplicate entry for "b"'],
  [weighted(['b', 50], ['b', 50, 'X']), 'duplicate entry for "b"'],
  [weighted(['b', 50, 'X'], ['c', 60, 'X']), 'total weight needs to be <= 100'],
  [weighted(['b', 50, 'X'], ['c', 60, 'Y']), ''],
  [weighted(['b', 60], ['c', 60, 'Y']), ''],
  [weighted(['a', 50], ['b', 100]), 'total weight needs to be <= 100'],
  [weighted(['b', 60], ['b..c', 60]), 'total weight needs to be <= 100'],
  [weighted(['b..c', 60], ['b..c', 60]), 'invalid mapping destination: invalid transform'],
  [weighted(['b', 60], ['*', 30], ['b', 1]), 'invalid subject'],
  [weighted(['b', 60], ['c', 60], ['b', 1]), 'total weight needs to be <= 100'],
  [weighted(['b', 0], ['c', 0]), ''],
];

test('of the destinations of one source the first that does not fit is reported', () => {
  for (const [spec, text] of SUMS) {
    const expected = text === '' ? [] : [[['a'], `Error adding mapping for "a" : ${text}`]];
    assert.equal(read({ a: spec }).problems, expected, JSON.stringify(spec));
  }
});

test('a source has to be a subject without white space', () => {
  for (const source of ['a b', 'a..b', 'a.', '>.a', '']) {
    assert.equal(read({ [source]: 'c' }).problems, [[[], `Subject "${source}" is not a valid subject`]]);
  }
  assert.equal(read({ 'a\tb': 5 }).problems, [[[], 'Subject "a\\tb" is not a valid subject']]);
});

test('a block that is no map is named with its type', () => {
  assert.equal(read(5).problems, [[[], 'interface conversion: interface {} is int64, not map[string]interface {}']]);
  assert.equal(
    read([]).problems[0]![1],
    'interface conversion: interface {} is []interface {}, not map[string]interface {}',
  );
  assert.equal(read('x').problems[0]![1], 'interface conversion: interface {} is string, not map[string]interface {}');
});

test('all problems of a block are reported, and its sound rules are read', () => {
  const { rules, problems } = read({
    a: [{ dest: 'b..c', weight: 50 }, { dest: 'c', weight: 101 }, { dest: 'd' }, 5],
    ok: 'fine',
    c: { dest: 'x', weight: 'y', foo: 1, bar: 2 },
  });
  assert.equal(rules, [{ source: 'ok', destinations: [{ subject: 'fine', weight: 100 }] }]);
  assert.equal(problems, [
    [['a', 1, 'weight'], 'Invalid weight 101 for mapping destination'],
    [['a', 2], 'Missing weight for mapping destination "d"'],
    [['a', 3], 'Expected an entry for the mapping destination'],
    [['a'], 'Error adding mapping for "a" : invalid mapping destination: invalid transform'],
    [['c', 'weight'], 'Invalid weight "y" for mapping destination'],
    [['c', 'foo'], 'Unknown field "foo" for mapping destination'],
    [['c', 'bar'], 'Unknown field "bar" for mapping destination'],
  ]);
});

test.run();
