import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from '../../../kernel/ports/pace.ts';
import { cleanBase, cleanPath } from '../../../plugins/monitoring/http/base-path.ts';
import { Query } from '../../../plugins/monitoring/http/query.ts';
import { compactJson, jsonPieces } from '../../../plugins/monitoring/json-text.ts';
import { slicedSort } from '../../../plugins/monitoring/sliced-sort.ts';
import { withSeed } from '../../kernel/ports/seed.ts';
import { FakeClock } from '../../kits/fake-ports.ts';

function pace(): Pace {
  return new Pace(new FakeClock());
}

async function textOf(value: object): Promise<string> {
  let text = '';
  for await (const piece of jsonPieces(value, pace())) text += piece;
  return text;
}

function* rows(...items: unknown[]): Iterable<unknown> {
  yield* items;
}

test('rows that are made one by one print like an array', async () => {
  const list = [{ a: 1, b: { c: [1, 2] } }, 'x', null];
  const head = { id: 'N', empty: {}, none: undefined };
  assert.is(await textOf({ ...head, list: rows(...list) }), JSON.stringify({ ...head, list }, null, 2));
  assert.is(await textOf({ ...head, list: rows() }), JSON.stringify({ ...head, list: [] }, null, 2));
  assert.is(await textOf({}), '{}');
});

test('characters that could end a script are escaped, and large numbers keep all their digits', async () => {
  assert.is(compactJson({ subject: 'foo.>', a: '<&' }), '{"subject":"foo.\\u003e","a":"\\u003c\\u0026"}');
  assert.is(compactJson({ n: 2n ** 64n - 1n, s: '123' }), '{"n":18446744073709551615,"s":"123"}');
});

test('a long list lets others run while it is printed and sorted', async () => {
  const clock = new FakeClock();
  let looks = 0;
  let rests = 0;
  clock.monotonic = () => looks++;
  clock.soon = (run) => {
    rests++;
    setImmediate(run);
  };
  const items = Array.from({ length: 5000 }, (_, index) => 5000 - index);
  const sorted = await slicedSort(items, (a, b) => a - b, new Pace(clock));
  assert.is(sorted[0], 1);
  assert.ok(rests > 5, `only ${rests} rests while sorting`);
  rests = 0;
  for await (const _ of jsonPieces({ list: rows(...items) }, new Pace(clock)));
  assert.ok(rests > 1000, `only ${rests} rests while printing`);
});

test('sorting in slices gives what sorting at once gives, equals in their order', () =>
  withSeed(async (random) => {
    for (const length of [0, 1, 511, 512, 513, 1024, 3000]) {
      const items = Array.from({ length }, (_, index) => ({ key: random.below(50), index }));
      const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key;
      assert.equal(await slicedSort(items, compare, pace()), items.toSorted(compare));
    }
  }));

function query(text: string): Query {
  return new Query(new URLSearchParams(text));
}

test('parameters are read as a NATS server reads them', () => {
  for (const yes of ['1', 't', 'T', 'true', 'TRUE', 'True']) assert.is(query(`x=${yes}`).boolean('x'), true);
  for (const no of ['', '0', 'f', 'F', 'false', 'FALSE', 'False']) assert.is(query(`x=${no}`).boolean('x'), false);
  assert.is(query('').boolean('x'), false);
  assert.is(query('x=1&x=0').boolean('x'), true);
  assert.is(query('x=-12').integer('x'), -12);
  assert.is(query('x=%2B12').integer('x'), 12);
  assert.is(query('').integer('x'), 0);
  assert.is(query('x=18446744073709551615').unsigned('x'), 18446744073709551615n);
  assert.is(query('x=DeTail').subscriptions('x'), 'detail');
  assert.is(query('x=1').subscriptions('x'), 'subjects');
  assert.is(query('x=').subscriptions('x'), 'none');
});

test('a parameter that cannot be read is answered with the text tools know', () => {
  const cases: [() => unknown, string][] = [
    [() => query('x=yes').boolean('x'), `boolean for 'x': strconv.ParseBool: parsing "yes": invalid syntax`],
    [() => query('x=1x').integer('x'), `int for 'x': strconv.Atoi: parsing "1x": invalid syntax`],
    [
      () => query('x=9223372036854775808').integer('x'),
      `int for 'x': strconv.Atoi: parsing "9223372036854775808": value out of range`,
    ],
    [() => query('x=-1').unsigned('x'), `uint64 for 'x': strconv.ParseUint: parsing "-1": invalid syntax`],
    [
      () => query('x=18446744073709551616').unsigned('x'),
      `uint64 for 'x': strconv.ParseUint: parsing "18446744073709551616": value out of range`,
    ],
  ];
  for (const [read, text] of cases) {
    assert.throws(read, (error: Error) => error.message === `Error decoding ${text}`);
  }
});

test('paths are cleaned as browsers would', () => {
  const cases: [string, string][] = [
    ['/', '/'],
    ['//varz', '/varz'],
    ['/a//b/', '/a/b/'],
    ['/a/./b/../varz', '/a/varz'],
    ['/../..', '/'],
    ['varz', '/varz'],
  ];
  for (const [path, clean] of cases) assert.is(cleanPath(path), clean);
  const bases: [string, string][] = [
    ['', ''],
    ['/', ''],
    ['nats/', '/nats'],
    ['//a//b', '/a/b'],
  ];
  for (const [text, base] of bases) assert.is(cleanBase(text), base);
});

test.run();
