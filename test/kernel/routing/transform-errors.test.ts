/** The texts in these tables are those of a nats-server 2.15.1, seen when it checked configurations. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileTransform } from '../../../kernel/routing/transform/compile.ts';
import { SubjectTransform } from '../../../kernel/routing/transform/subject-transform.ts';

const random = { below: () => 0 };

function textOf(source: string, destination: string, strict = false): string {
  const transform = compileTransform(source, destination, { random, strict });
  return transform instanceof SubjectTransform ? 'ok' : transform.text;
}

const BAD = 'invalid mapping destination: ';
const SHAPE = `${BAD}invalid transform`;
const UNKNOWN = `${BAD}unknown function`;
const RANGE = `${BAD}wildcard index out of range`;
const FEW = `${BAD}not enough arguments passed to the function`;
const MANY = `${BAD}too many arguments passed to the function`;
const ARGUMENT = `${BAD}function argument is invalid or in the wrong format`;
const FORBIDDEN = `${BAD}the only mapping function allowed for import transforms is {{Wildcard()}}`;
const UNUSED = `${BAD}not using all of the token wildcard(s)`;

type Row = readonly [source: string, destination: string, text: string];

function check(title: string, rows: readonly Row[], strict = false): void {
  test(title, () => {
    for (const [source, destination, text] of rows) {
      assert.is(textOf(source, destination, strict), text, `${source} -> ${destination}`);
    }
  });
}

check('source and destination have to fit each other', [
  ['a.*', 'b.*', 'invalid subject'],
  ['a.>', 'b.*.>', 'invalid subject'],
  ['a.>', 'b', 'invalid subject'],
  ['a', 'b.>', 'invalid subject'],
  ['a', '*', 'invalid subject'],
  ['a', '>', 'invalid subject'],
  ['>', 'a', 'invalid subject'],
  ['*', '>', 'invalid subject'],
  ['', 'x', 'invalid subject'],
  ['a.$1', 'x.>', 'invalid subject'],
  ['a..b', 'x', 'invalid subject'],
  ['a b', 'x', 'invalid subject'],
  ['a.*', '{{wildcard(1)}}.>', 'invalid subject'],
  ['a.*', 'b.*.{{wildcard(x)}}', 'invalid subject'],
  ['a.*', 'b.{{wildcard(x)}}.*', 'invalid subject'],
  ['>', '>', 'ok'],
  ['', 'x.>', 'ok'],
  ['a', '', 'ok'],
]);

check('a destination is a subject, save for blanks inside its braces', [
  ['a', 'b..c', SHAPE],
  ['a', 'b.', SHAPE],
  ['a', '.', SHAPE],
  ['a', 'b c', SHAPE],
  ['a', 'b\tc', SHAPE],
  ['a.*', ' $1', SHAPE],
  ['a.*', 'x.$ 1', SHAPE],
  ['a.*', '{{wildcard(1)}} b', SHAPE],
  ['a', 'b.{{ partition(3) }}c', SHAPE],
  ['a', 'b.{{ foo', SHAPE],
  ['a.>', 'b.>.c', `${SHAPE} in c`],
  ['a.>', '>.$1', `${SHAPE} in $1`],
  ['a.*', 'b.>.*', `${SHAPE} in *`],
  ['a', '>.{{unknown(1)}}', `${SHAPE} in {{unknown(1)}}`],
  ['a', 'b.>.c d', `${SHAPE} in c d`],
  ['a', '>..', SHAPE],
  ['a', 'b.{{foo(1)', 'ok'],
  ['a', 'b\u00a0c', 'ok'],
]);

check('of several faults in the shape of a destination the first one is named', [
  ['a', 'b.{{unknown(1)}}..c', `${UNKNOWN} in {{unknown(1)}}`],
  ['a', 'b..{{unknown(1)}}', SHAPE],
  ['a', '{{unknown(1)}}.b c', `${UNKNOWN} in {{unknown(1)}}`],
  ['a.*', 'b.{{wildcard(2)}}.{{unknown(1)}}', `${UNKNOWN} in {{unknown(1)}}`],
  ['a.*', '{{wildcard(2)}}.b c', SHAPE],
]);

check('of several faults in arguments the first one is named', [
  ['a.*', '$2.{{wildcard(x)}}', `${RANGE} in $2: [2]`],
  ['a.*', '{{wildcard(x)}}.$2', `${ARGUMENT} in {{wildcard(x)}}`],
  ['a.*', '{{wildcard(1,2)}}.$2', `${MANY} in {{wildcard(1,2)}}`],
]);

function calls(source: string, rows: readonly (readonly [call: string, text: string])[]): Row[] {
  return rows.map(([call, text]) => [source, `x.{{${call}}}`, text === 'ok' ? 'ok' : text.replace('@', `{{${call}}}`)]);
}

check(
  'a function has to be one of the known ones',
  calls('a.*', [
    ['foo(1)', `${UNKNOWN} in @`],
    ['WILDCARD(1)', `${UNKNOWN} in @`],
    ['wildCard(1)', `${UNKNOWN} in @`],
    ['PARTITION(3)', `${UNKNOWN} in @`],
    ['SPLITFROMLEFT(1,2)', `${UNKNOWN} in @`],
    ['slice(1,2)', `${UNKNOWN} in @`],
    ['wildcard', `${UNKNOWN} in @`],
    ['wildcard(1', `${UNKNOWN} in @`],
    ['(1)', `${UNKNOWN} in @`],
    [' x ', `${UNKNOWN} in @`],
    ['x y z', `${UNKNOWN} in @`],
    ['wild card(1)', `${UNKNOWN} in @`],
    ['x wildcard(1)', `${UNKNOWN} in @`],
    ['xwildcard(1)', `${UNKNOWN} in @`],
    ['wildcard(1) x', `${UNKNOWN} in @`],
    ['{', `${UNKNOWN} in @`],
    ['}}', `${UNKNOWN} in @`],
    ['\u00a0partition(3)', `${UNKNOWN} in @`],
  ]),
);

check(
  'wildcard takes one index',
  calls('a.*', [
    ['wildcard()', `${FEW} in @`],
    ['wildcard( )', `${ARGUMENT} in @`],
    ['wildcard(1,2)', `${MANY} in @`],
    ['wildcard(1,)', `${MANY} in @`],
    ['wildcard(x)', `${ARGUMENT} in @`],
    ['wildcard(1 1)', `${ARGUMENT} in @`],
    ['wildcard((1))', `${ARGUMENT} in @`],
    ['wildcard(1)}}{{wildcard(1)', `${ARGUMENT} in @`],
    ['wildcard(2)', `${RANGE} in @: [2]`],
    ['wildcard(9999999999)', `${RANGE} in @: [9999999999]`],
    ['wildcard(99999999999999999999)', `${ARGUMENT} in @`],
    ['wildcard(+1)', 'ok'],
  ]),
);

check(
  'partition takes buckets and any number of indexes',
  calls('a.*', [
    ['partition()', `${ARGUMENT} in @`],
    ['partition( )', `${ARGUMENT} in @`],
    ['partition(,)', `${ARGUMENT} in @`],
    ['partition(3,)', `${ARGUMENT} in @`],
    ['partition(x)', `${ARGUMENT} in @`],
    ['partition(0x10)', `${ARGUMENT} in @`],
    ['partition(1_0)', `${ARGUMENT} in @`],
    ['partition(3e1)', `${ARGUMENT} in @`],
    ['partition(--3)', `${ARGUMENT} in @`],
    ['partition(\t3\t)', `${ARGUMENT} in @`],
    ['partition(3))', `${ARGUMENT} in @`],
    ['partition(2147483648)', `${ARGUMENT} in @`],
    ['partition(9223372036854775808)', `${ARGUMENT} in @`],
    ['partition(-9223372036854775809)', `${ARGUMENT} in @`],
    ['partition(-9223372036854775808)', 'ok'],
    ['partition(3,2)', `${RANGE} in @: [2]`],
    ['partition(3,1,2)', `${RANGE} in @: [2]`],
    ['partition(3,7,5)', `${RANGE} in @: [7]`],
    ['partition(3,0,5)', `${RANGE} in @: [5]`],
    ['partition(3,7,x)', `${ARGUMENT} in @`],
    ['partition(3,1,1)', 'ok'],
  ]),
);

check(
  'random takes buckets',
  calls('a.*', [
    ['random()', `${ARGUMENT} in @`],
    ['random(x)', `${ARGUMENT} in @`],
    ['random(3,3)', `${FEW} in @`],
    ['random(3,)', `${FEW} in @`],
    ['random(2147483648)', `${ARGUMENT} in @`],
    ['random(-2147483649)', 'ok'],
    ['random( 3 )', 'ok'],
  ]),
);

check(
  'split takes an index and a delimiter without blanks',
  calls('a.*', [
    ['split()', `${FEW} in @`],
    ['split(1)', `${FEW} in @`],
    ['split(1,-,x)', `${MANY} in @`],
    ['split(1,,)', `${MANY} in @`],
    ['split(,)', `${ARGUMENT} in @`],
    ['split(x,-)', `${ARGUMENT} in @`],
    ['split(1,a b)', `${ARGUMENT} in @`],
    ['split( 1 , - )', `${ARGUMENT} in @`],
    ['split(2,-)', `${RANGE} in @: [2]`],
    ['split(2,a b)', `${ARGUMENT} in @`],
    ['split(1,a\tb)', 'ok'],
  ]),
);

for (const name of ['splitFromLeft', 'splitFromRight', 'sliceFromLeft', 'sliceFromRight', 'left', 'right']) {
  check(
    `${name} takes an index and a number of 32 bits`,
    calls('a.*', [
      [`${name}()`, `${FEW} in @`],
      [`${name}(1)`, `${FEW} in @`],
      [`${name}(1,2,3)`, `${MANY} in @`],
      [`${name}(1,)`, `${ARGUMENT} in @`],
      [`${name}(1,x)`, `${ARGUMENT} in @`],
      [`${name}(x,1)`, `${ARGUMENT} in @`],
      [`${name}(1,2147483648)`, `${ARGUMENT} in @`],
      [`${name}(1,-2147483649)`, `${ARGUMENT} in @`],
      [`${name}(2,1)`, `${RANGE} in @: [2]`],
      [`${name}(2,x)`, `${ARGUMENT} in @`],
      [`${name}(99999999999,1)`, `${RANGE} in @: [99999999999]`],
      [`${name}(1,-1)`, 'ok'],
    ]),
  );
}

check('a source without wildcards offers none, whatever the index', [
  ['a', 'x.$1', `${RANGE} in $1`],
  ['a', 'x.$0', `${RANGE} in $0`],
  ['a', 'x.$-1', `${RANGE} in $-1`],
  ['a', '$a', 'ok'],
  ...calls('a.b', [
    ['wildcard(1)', `${RANGE} in @`],
    ['wildcard(x)', `${ARGUMENT} in @`],
    ['split(1,-)', `${RANGE} in @`],
    ['left(1,2)', `${RANGE} in @`],
    ['splitfromleft(1,99999999999)', `${ARGUMENT} in @`],
    ['partition(3,1,2)', 'ok'],
    ['partition(3,99999999999)', 'ok'],
    ['random(3)', 'ok'],
  ]),
]);

check('a > in the source is no wildcard to refer to', [
  ['a.>', '{{wildcard(1)}}.>', `${RANGE} in {{wildcard(1)}}: [1]`],
  ['*.>', '$2.>', `${RANGE} in $2: [2]`],
]);

check(
  'imports may only move wildcards about, and have to use as many as there are',
  [
    ['f.*.*', 'x.$1.$2', 'ok'],
    ['f.*.*', 'x.$2.{{wildcard(1)}}', 'ok'],
    ['f.*.*', 'x.$1.$1', 'ok'],
    ['f.*.*', 'x.$0.$1.$2', 'ok'],
    ['f.*.*', 'x.$1', `${UNUSED} in x.$1`],
    ['f.*.*', 'x.{{wildcard(1)}}.y', `${UNUSED} in x.{{wildcard(1)}}.y`],
    ['f.*.>', 'x.>', `${UNUSED} in x.>`],
    ['f.*', 'x', `${UNUSED} in x`],
    ['f.*', '{{}}', `${UNUSED} in {{}}`],
    ['f.>', 'x', 'invalid subject'],
    ['f.*', 'x..$1', 'invalid subject'],
    ['f.*', 'x y.$1', 'ok'],
    ['f.*.*', 'x.$2.{{wildcard(3)}}', `${RANGE} in {{wildcard(3)}}: [3]`],
    ['f.*', '{{Wildcard(2)}}.{{partition(3)}}', `${RANGE} in {{Wildcard(2)}}: [2]`],
    ...calls('f.*', [
      ['unknown(1)', `${UNKNOWN} in @`],
      ['wildcard(x)', `${ARGUMENT} in @`],
      ['partition(3)', `${FORBIDDEN} in @`],
      ['partition(3,7)', `${FORBIDDEN} in @`],
      ['random(3)', `${FORBIDDEN} in @`],
      ['split(7,-)', `${FORBIDDEN} in @`],
      ['split(x,-)', `${ARGUMENT} in @`],
      ['left(1,1)', `${FORBIDDEN} in @`],
    ]),
  ],
  true,
);

test('a problem has a code besides its text', () => {
  const problem = compileTransform('a.*', 'x.{{foo(1)}}', { random });
  assert.not.instance(problem, SubjectTransform);
  assert.is((problem as { code: string }).code, 'TRANSFORM_FUNCTION_UNKNOWN');
});

test.run();
