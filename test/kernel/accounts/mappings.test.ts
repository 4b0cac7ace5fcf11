/** What becomes of each subject, and the shares, are those of a nats-server 2.15.1. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MappingDestination, MappingRule } from '../../../kernel/accounts/mapping-rule.ts';
import { type AccountMappings, compileMappings } from '../../../kernel/accounts/mappings.ts';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { isSubset } from '../../../kernel/routing/subject.ts';
import { withSeed } from '../ports/seed.ts';

type Destinations = string | readonly MappingDestination[];

/** A text is a destination for everything, as in a config file. */
function rulesOf(map: Record<string, Destinations>): MappingRule[] {
  return Object.entries(map).map(([source, spec]) => ({
    source,
    destinations: typeof spec === 'string' ? [{ subject: spec, weight: 100 }] : spec,
  }));
}

function mappingsOf(
  map: Record<string, Destinations>,
  clusterName = '',
  random = FastRandom.fromSeed(7),
): AccountMappings {
  const { mappings, problems } = compileMappings(rulesOf(map), { random, clusterName });
  assert.equal(problems, []);
  return mappings;
}

/** Every number from 0 to 99 once: the shares come out exact. */
function hundred(): { below: (bound: number) => number } {
  let next = 0;
  return { below: (bound) => next++ % bound };
}

function sharesOf(destinations: Destinations, subject = 'a', source = 'a', clusterName = ''): Record<string, number> {
  const { mappings } = compileMappings(rulesOf({ [source]: destinations }), { random: hundred(), clusterName });
  const shares: Record<string, number> = {};
  for (let draw = 0; draw < 100; draw++) {
    const target = mappings.apply(subject) ?? 'dropped';
    shares[target] = (shares[target] ?? 0) + 1;
  }
  return shares;
}

test('a message on a mapped subject goes elsewhere, all others stay', () => {
  const mappings = mappingsOf({ from: 'to', 'in.*': 'out.$1', 'deep.>': 'shallow.>' });
  assert.is(mappings.apply('from'), 'to');
  assert.is(mappings.apply('in.x'), 'out.x');
  assert.is(mappings.apply('deep.a.b'), 'shallow.a.b');
  for (const subject of ['fro', 'from.x', 'in', 'in.x.y', 'deep', 'other', '']) {
    assert.is(mappings.apply(subject), subject);
    assert.is(mappings.find(subject), null);
  }
});

test('a result is not mapped again', () => {
  assert.is(mappingsOf({ a: 'b', b: 'c' }).apply('a'), 'b');
});

/** source, destination, subject, result */
const ODD_SUBJECTS: readonly [string, string, string, string][] = [
  ['a.>', 'z.>', 'a..b', 'z..b'],
  ['a.>', 'z.>', 'a.', 'z.'],
  ['a.>', 'z.>', 'a.>', 'z.>'],
  ['a.>', 'z.>', 'a.*', 'z.*'],
  ['a.>', 'z.>', '.a', '.a'],
  ['a.*', 'z.$1', 'a.>', 'a.>'],
  ['a.*', 'z.$1', 'a.*', 'z.*'],
  ['a.*', 'z.$1', 'a.', 'a.'],
  ['a.*', 'z.$1', 'a.>x', 'z.>x'],
  ['a.*.>', 'z.$1.>', 'a..b', 'a..b'],
  ['a.*.>', 'z.$1.>', 'a.b.', 'z.b.'],
  ['a.*.>', 'z.$1.>', 'a.>.b', 'a.>.b'],
  ['*', 'z.$1', '>', '>'],
  ['>', 'z.>', '>', 'z.>'],
  ['>', 'z.>', '.', 'z..'],
  ['*x.y', 'z.w', 'q.y', 'z.w'],
  ['*x.y', 'z.w', '*.y', '*.y'],
  ['>x.y', 'z.w', 'q.y', 'q.y'],
  ['>x.y', 'z.w', '>x.y', 'z.w'],
  ['a.*b.*', 'z.$1', 'a.c.d', 'z.d'],
];

test('odd subjects are mapped as servers map them', () => {
  for (const [source, destination, subject, result] of ODD_SUBJECTS) {
    assert.is(mappingsOf({ [source]: destination }).apply(subject), result, `${source} -> ${destination}: ${subject}`);
  }
});

test('of several rules that cover a subject the one defined first decides, be it a pattern or not', () => {
  assert.is(mappingsOf({ 'a.*': 'pattern.$1', 'a.b': 'literal' }).apply('a.b'), 'pattern.b');
  assert.is(mappingsOf({ 'a.b': 'literal', 'a.*': 'pattern.$1' }).apply('a.b'), 'literal');
  assert.is(mappingsOf({ 'a.>': 'first.>', '*.b': 'second.$1', 'a.*': 'third.$1' }).apply('a.b'), 'first.b');
  assert.is(mappingsOf({ '*.b': 'second.$1', 'a.>': 'first.>', 'a.b': 'literal' }).apply('a.b'), 'second.a');
});

test('a rule given twice counts once, the later one in the place of the earlier', () => {
  const rules = [...rulesOf({ 'a.b': 'one', 'a.*': 'two' }), ...rulesOf({ 'a.b': 'three' })];
  const { mappings } = compileMappings(rules, { random: hundred() });
  assert.is(mappings.apply('a.b'), 'three');
  assert.is(mappings.rules.length, 2);
});

test('messages are shared out by weight, and the rest keeps its subject', () => {
  assert.equal(sharesOf([{ subject: 'b', weight: 30 }]), { a: 70, b: 30 });
  assert.equal(
    sharesOf([
      { subject: 'b', weight: 30 },
      { subject: 'c', weight: 70 },
    ]),
    { b: 30, c: 70 },
  );
  assert.equal(sharesOf([{ subject: 'b', weight: 0 }]), { a: 100 });
  assert.equal(sharesOf([]), { a: 100 });
  assert.equal(sharesOf([{ subject: 'b.$1', weight: 30 }], 'a.x', 'a.*'), { 'a.x': 70, 'b.x': 30 });
});

test('when the source is among its destinations the rest is dropped', () => {
  assert.equal(sharesOf([{ subject: 'a', weight: 30 }]), { a: 30, dropped: 70 });
  assert.equal(
    sharesOf([
      { subject: 'a', weight: 30 },
      { subject: 'b', weight: 20 },
    ]),
    { a: 30, b: 20, dropped: 50 },
  );
  assert.equal(sharesOf([{ subject: 'a', weight: 0 }]), { dropped: 100 });
  assert.equal(sharesOf([{ subject: 'a.>', weight: 30 }], 'a.x', 'a.>'), { 'a.x': 30, dropped: 70 });
  assert.equal(sharesOf([{ subject: 'a.$1', weight: 30 }], 'a.x', 'a.*'), { 'a.x': 100 });
});

test('chance is dealt out in ascending order of weight', () => {
  const drawn = { below: () => 19 };
  const destinations = [
    { subject: 'b', weight: 60 },
    { subject: 'c', weight: 20 },
    { subject: 'd', weight: 20 },
  ];
  const { mappings } = compileMappings(rulesOf({ a: destinations }), { random: drawn });
  assert.is(mappings.apply('a'), 'c');
});

const SCOPED = [
  { subject: 'b', weight: 40, cluster: 'X' },
  { subject: 'c', weight: 50 },
];

test('destinations for this cluster replace those for all', () => {
  assert.equal(sharesOf(SCOPED, 'a', 'a', 'X'), { a: 60, b: 40 });
  assert.equal(sharesOf(SCOPED, 'a', 'a', 'Y'), { a: 50, c: 50 });
  assert.equal(sharesOf(SCOPED), { a: 50, c: 50 });
  assert.equal(sharesOf([SCOPED[0]!]), { a: 100 });
  assert.equal(sharesOf([{ subject: 'b', weight: 50, cluster: '' }], 'a', 'a', 'X'), { a: 50, b: 50 });
  assert.equal(sharesOf([{ ...SCOPED[0]!, weight: 0 }, SCOPED[1]!], 'a', 'a', 'X'), { a: 100 });
});

test('a source listed for another cluster drops the rest here too', () => {
  assert.equal(
    sharesOf([
      { subject: 'a', weight: 40, cluster: 'X' },
      { subject: 'c', weight: 50 },
    ]),
    { c: 50, dropped: 50 },
  );
});

test('only a certain fate may be remembered', () => {
  const certain: Destinations[] = [
    'b',
    'b.{{partition(3)}}',
    [],
    [{ subject: 'b', weight: 0 }],
    [{ subject: 'a', weight: 0 }],
    [
      { subject: 'b', weight: 100 },
      { subject: 'c', weight: 0 },
    ],
  ];
  const uncertain: Destinations[] = ['b.{{random(3)}}', [{ subject: 'b', weight: 99 }], [{ subject: 'a', weight: 1 }]];
  for (const spec of certain) assert.is(mappingsOf({ a: spec }).find('a')!.isDeterministic, true, JSON.stringify(spec));
  for (const spec of uncertain) assert.is(mappingsOf({ a: spec }).find('a')!.isDeterministic, false);
});

test('a literal source in front is partitioned as if it had no subject, all others by theirs', () => {
  const mappings = mappingsOf({
    aa: 'x.{{partition(1000)}}',
    bb: 'y.{{partition(1000)}}',
    cc: 'z.{{partition(1000)}}',
  });
  assert.equal(
    ['aa', 'bb', 'cc'].map((subject) => mappings.apply(subject)),
    ['x.261', 'y.565', 'z.707'],
  );
  const behindPattern = mappingsOf({ 'd.*': 'z.$1', aa: 'x.{{partition(1000)}}' });
  assert.is(behindPattern.apply('aa'), 'x.327');
});

test('an empty destination changes nothing', () => {
  assert.is(mappingsOf({ a: '' }).apply('a'), 'a');
});

test('rules that make no sense are left out and named', () => {
  const { mappings, problems } = compileMappings(rulesOf({ 'a.': 'b', c: 'd.*', e: 'f', g: '{{foo(1)}}' }), {
    random: hundred(),
  });
  assert.equal(problems, [
    { source: 'a.', text: 'invalid subject' },
    { source: 'c', text: 'invalid subject' },
    { source: 'g', text: 'invalid mapping destination: unknown function in {{foo(1)}}' },
  ]);
  assert.is(mappings.apply('e'), 'f');
});

test('a subject whose first byte begins no source is told apart at once', () => {
  const bytes = Buffer.from('xorders.new', 'latin1');
  const touches = (map: Record<string, string>) => mappingsOf(map).mayTouch(bytes, 1, bytes.length);
  assert.is(touches({ 'invoices.*': 'x.$1' }), false);
  assert.is(touches({ 'orders.*': 'x.$1' }), true);
  assert.is(touches({ 'other.*': 'x.$1' }), true);
  assert.is(touches({ '*.new': 'x.$1' }), true);
  assert.is(touches({ '>': 'x.>' }), true);
  assert.is(mappingsOf({ '>': 'x.>' }).mayTouch(bytes, 1, 1), false);
});

test('the rule found is the one that trying all in order would find', () =>
  withSeed((random) => {
    const words = ['a', 'b', 'c', 'a*', '*a', '*', '*'];
    const subjectOf = (choice: readonly string[]) =>
      Array.from({ length: 1 + random.below(3) }, () => choice[random.below(choice.length)]).join('.');
    for (let round = 0; round < 300; round++) {
      const sources = new Set(Array.from({ length: 1 + random.below(6) }, () => subjectOf(words)));
      const rules = [...sources].map((source) => ({
        source: random.below(4) === 0 ? `${source}.>` : source,
        destinations: [],
      }));
      const { mappings } = compileMappings(rules, { random });
      for (let probe = 0; probe < 30; probe++) {
        const subject = subjectOf(['a', 'b', 'c', 'a*', '*a', '*', '>', '']);
        const expected = rules.find(({ source }) => source === subject || isSubset(subject, source));
        const bytes = Buffer.from(subject, 'latin1');
        assert.is(mappings.find(subject)?.source, expected?.source, `${subject} in ${[...sources].join(' ')}`);
        if (expected !== undefined) assert.is(mappings.mayTouch(bytes, 0, bytes.length), true, subject);
      }
    }
  }));

test('over many messages the shares are those of the weights', () =>
  withSeed((random) => {
    const mappings = mappingsOf({ a: [{ subject: 'b', weight: 25 }] }, '', random);
    let count = 0;
    for (let message = 0; message < 10_000; message++) if (mappings.apply('a') === 'b') count++;
    // Six standard deviations.
    assert.ok(Math.abs(count - 2_500) < 260, `${count}`);
  }));

test.run();
