/** The results in these tables are those of a nats-server 2.15.1, seen in message traces and in streams. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { compileTransform, type TransformOptions } from '../../../kernel/routing/transform/compile.ts';
import { SubjectTransform } from '../../../kernel/routing/transform/subject-transform.ts';
import { withSeed } from '../ports/seed.ts';

function compile(source: string, destination: string, options: Partial<TransformOptions> = {}): SubjectTransform {
  const transform = compileTransform(source, destination, { random: FastRandom.fromSeed(1), ...options });
  if (transform instanceof SubjectTransform) return transform;
  throw new Error(transform.text);
}

type Row = readonly [source: string, destination: string, subject: string, result: string | null];

function check(title: string, rows: readonly Row[]): void {
  test(title, () => {
    for (const [source, destination, subject, result] of rows) {
      assert.is(compile(source, destination).transform(subject), result, `${source} -> ${destination}: ${subject}`);
    }
  });
}

check('wildcards of the source are put where the destination names them', [
  ['a.*', 'x.$1', 'a.foo', 'x.foo'],
  ['a.*.*', 'b.$2', 'a.foo.bar', 'b.bar'],
  ['k.*.*', 'x.$2.$2', 'k.a.b', 'x.b.b'],
  ['a.*', 'x.$+1', 'a.foo', 'x.foo'],
  ['a.*', 'x.$01', 'a.foo', 'x.foo'],
  ['a.*', 'x.{{wildcard(1)}}', 'a.foo', 'x.foo'],
  ['a.*', 'x.{{wildcard (1)}}', 'a.foo', 'x.foo'],
  ['a.*', 'x.{{  Wildcard  (  1  )  }}', 'a.foo', 'x.foo'],
  ['a.*', 'x.{{{wildcard(1)}}}', 'a.foo', 'x.foo'],
  ['*', '$1', 'foo', 'foo'],
]);

check('a wildcard index below 1 means the first token of the subject', [
  ['d1.*', 'x.$0', 'd1.foo', 'x.d1'],
  ['d2.*', 'x.$-1', 'd2.foo', 'x.d2'],
  ['e9.*', 'x.{{wildcard(0)}}', 'e9.foo', 'x.e9'],
  ['f1.*', 'x.{{wildcard(-5)}}', 'f1.foo', 'x.f1'],
  ['k21.*', 'x.{{splitFromLeft(0,1)}}', 'k21.abc', 'x.k.21'],
  ['k22.*', 'x.{{split(0,k)}}', 'k22.abc', 'x.22'],
  ['k24.*', 'x.{{left(-7,1)}}', 'k24.abc', 'x.k'],
  ['e1.*', 'x.{{partition(3,0)}}', 'e1.foo', 'x.2'],
  ['e2.*', 'x.{{partition(3,-1)}}', 'e2.foo', 'x.1'],
  ['g4.*', 'x.{{partition(10,1,0)}}', 'g4.foo', 'x.0'],
]);

check('what only resembles a reference or a function is literal', [
  ['a.*', 'x.$1a', 'a.foo', 'x.$1a'],
  ['a.*', 'x.$', 'a.foo', 'x.$'],
  ['a.*', 'x.$99999999999999999999', 'a.foo', 'x.$99999999999999999999'],
  ['a.*', 'x.{{wildcard(1)}', 'a.foo', 'x.{{wildcard(1)}'],
  ['a.*', 'x.y{{wildcard(1)}}', 'a.foo', 'x.y{{wildcard(1)}}'],
  ['a.*', 'x.{{wildcard(1.0)}}', 'a.foo', 'x.{{wildcard(1.0)}}'],
  ['a.*', 'x.{{}}', 'a.foo', 'x.{{}}'],
  ['a', '$KV.x', 'a', '$KV.x'],
  ['a.*', 'b.f*o.$1', 'a.c', 'b.f*o.c'],
  ['a.*', 'b.x>.$1', 'a.c', 'b.x>.c'],
]);

check('a > at the end carries the remaining tokens over', [
  ['g1.>', '>', 'g1.tail.two', 'tail.two'],
  ['g2.>', 'x.>', 'g2.tail.two', 'x.tail.two'],
  ['f8.*.*.>', '>', 'f8.foo.bar.tail.two', 'tail.two'],
  ['f9.*.*.>', '$2.$1.>', 'f9.foo.bar.tail.two', 'bar.foo.tail.two'],
  ['*.>', 'x.>', 'a.b.c', 'x.b.c'],
  ['>', 'x.>', 'a.b.c', 'x.a.b.c'],
  ['', 'x.>', 'a.b.c', 'x.a.b.c'],
  ['k25.*.>', 'x.{{split(1,-)}}.>', 'k25.a-b.c.d', 'x.a.b.c.d'],
]);

check('a partition is the FNV-1a hash of the subject or of the named tokens, modulo the buckets', [
  ['p1.*.*', 'p.{{partition(10)}}', 'p1.a.b', 'p.7'],
  ['p1.*.*', 'p.{{partition(10)}}', 'p1.x.y', 'p.5'],
  ['p2.*.*', 'p.{{partition(10,1)}}', 'p2.a.b', 'p.0'],
  ['p3.*.*', 'p.{{partition(10,1,2)}}', 'p3.a.b', 'p.6'],
  ['p4.*.*', 'p.{{partition(10,2,1)}}.$1', 'p4.a.b', 'p.8.a'],
  ['p9.*', 'p.{{partition(10,1,1)}}', 'p9.a', 'p.7'],
  ['p6.lit', 'p.{{partition(1000)}}', 'p6.lit', 'p.156'],
  ['R5.b', 'x.{{partition(1000,1)}}', 'R5.b', 'x.64'],
  ['e3', 'x.{{partition(3,7)}}', 'e3', 'x.0'],
  ['p8.*.>', 'p.{{partition(1000)}}.>', 'p8.a.b.c', 'p.147.b.c'],
  ['g3.*.>', 'x.{{partition(5,1)}}.>', 'g3.foo.tail', 'x.3.tail'],
  ['>', 'y.{{partition(7)}}.>', 'k40.a.b.c', 'y.2.k40.a.b.c'],
  ['p7.*', 'p.{{partition(2147483647)}}', 'p7.foo', 'p.768681170'],
]);

check('odd numbers of buckets count as 32 bits without sign, and none gives 0', [
  ['p5.*', 'p.{{partition(0,1)}}', 'p5.a', 'p.0'],
  ['d8.*', 'x.{{partition(-1)}}', 'd8.foo', 'x.3393695343'],
  ['d9.*', 'x.{{partition(-1,1)}}', 'd9.foo', 'x.2851307223'],
  ['k28.*', 'x.{{partition(-2147483649)}}', 'k28.abcd', 'x.1713023679'],
  ['k29.*', 'x.{{partition(-4294967294,1)}}', 'k29.abcd', 'x.1'],
  ['k30.*', 'x.{{partition(-4294967296,1)}}', 'k30.abcd', 'x.0'],
  ['a.*', 'x.{{random(0)}}', 'a.foo', 'x.0'],
  ['a', 'x.{{random(1)}}', 'a', 'x.0'],
]);

function sized(name: string, results: readonly string[]): readonly Row[] {
  const words = ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg'];
  return words.map((word, at) => ['k.*', `{{${name}(1,3)}}`, `k.${word}`, results[at]!]);
}

check('a token is cut once, at a position from the left or the right', [
  ...sized('splitFromLeft', ['a', 'ab', 'abc', 'abc.d', 'abc.de', 'abc.def', 'abc.defg']),
  ...sized('splitFromRight', ['a', 'ab', 'abc', 'a.bcd', 'ab.cde', 'abc.def', 'abcd.efg']),
  ['k.*.*', '{{splitFromLeft(2,1)}}.{{right(1,1)}}.$1', 'k.ab.cd', 'c.d.b.ab'],
]);

check('a token is cut into pieces, the short one last or first', [
  ...sized('sliceFromLeft', ['a', 'ab', 'abc', 'abc.d', 'abc.de', 'abc.def', 'abc.def.g']),
  ...sized('sliceFromRight', ['a', 'ab', 'abc', 'a.bcd', 'ab.cde', 'abc.def', 'a.bcd.efg']),
  ['k.*', '{{sliceFromLeft(1,1)}}', 'k.abc', 'a.b.c'],
  ['k.*', '{{sliceFromRight(1,1)}}', 'k.abc', 'a.b.c'],
]);

check('the first or last bytes of a token are taken', [
  ...sized('left', ['a', 'ab', 'abc', 'abc', 'abc', 'abc', 'abc']),
  ...sized('right', ['a', 'ab', 'abc', 'bcd', 'cde', 'def', 'efg']),
  ['k.*.*', '{{left(2,3)}}.{{left(1,9)}}', 'k.a.b', 'b.a'],
]);

check('positions and sizes that fit no token leave it whole', [
  ...['splitFromLeft', 'splitFromRight', 'sliceFromLeft', 'sliceFromRight', 'left', 'right'].flatMap((name): Row[] => [
    ['k.*', `x.{{${name}(1,0)}}`, 'k.abc', 'x.abc'],
    ['k.*', `x.{{${name}(1,-1)}}`, 'k.abc', 'x.abc'],
    ['k.*', `x.{{${name}(1,3)}}`, 'k.abc', 'x.abc'],
    ['k.*', `x.{{${name}(1,2147483647)}}`, 'k.abc', 'x.abc'],
    ['k.*', `x.{{${name}(1,-2147483648)}}`, 'k.abc', 'x.abc'],
  ]),
]);

check('a token is split at a delimiter, and empty parts vanish', [
  ['k.*', 'x.{{split(1,-)}}.y', 'k.a-b-c', 'x.a.b.c.y'],
  ['k.*', 'x.{{split(1,-)}}.y', 'k.-a-', 'x.a.y'],
  ['k.*', 'x.{{split(1,-)}}.y', 'k.a--b', 'x.a.b.y'],
  ['k.*', 'x.{{split(1,-)}}.y', 'k.abc', 'x.abc.y'],
  ['k.*', 'x.{{split(1,--)}}.y', 'k.a---b', 'x.a.-b.y'],
  ['k.*', 'x.{{split(1,--)}}.y', 'k.a-b', 'x.a-b.y'],
  ['k.*', 'x.{{split(1,aa)}}', 'k.baab', 'x.b.b'],
  ['k.*', 'x.{{split(1,aa)}}', 'k.aaa', 'x.a'],
  ['k.*', 'x.{{split(1,>)}}', 'k.a>b', 'x.a.b'],
  ['k.*', 'x.{{split(1,))}}', 'k.a)b', 'x.a.b'],
  ['k.*', 'x.{{split(1,()}}', 'k.a(b', 'x.a.b'],
]);

check('a token of nothing but delimiters, or with two in front, makes a subject nobody can receive', [
  ['k.*', 'x.{{split(1,-)}}.y', 'k.--', 'x..y'],
  ['k.*', 'x.{{split(1,-)}}.y', 'k.-', 'x..y'],
  ['k.*', '{{split(1,-)}}', 'k.--', ''],
  ['k.*', 'x.{{split(1,-)}}.y', 'k.--a', 'x..a.y'],
  ['k.*', 'x.{{split(1,--)}}.y', 'k.-----', 'x..-.y'],
]);

check('without a delimiter a token is split into its characters', [
  ['k.*', 'x.{{split(1,)}}.y', 'k.abc', 'x.a.b.c.y'],
  ['k.*', 'x.{{split(1, )}}.y', 'k.abc', 'x.a.b.c.y'],
  ['k.*', 'x.{{split(1,)}}.y', 'k.h\u00c3\u00a9\u00ffx', 'x.h.\u00c3\u00a9.\u00ff.x.y'],
  ['k.*', 'x.{{split(1,)}}.y', 'k.\u00e2\u0082', 'x.\u00e2.\u0082.y'],
]);

check('positions count bytes, not characters', [
  ['k.*', 'x.{{left(1,2)}}', 'k.\u00c3\u00a9\u00c3\u00a9', 'x.\u00c3\u00a9'],
  ['k.*', 'x.{{slicefromleft(1,3)}}', 'k.\u00c3\u00a9\u00c3\u00a9', 'x.\u00c3\u00a9\u00c3.\u00a9'],
]);

check('only a literal subject that the source covers is transformed', [
  ['k.*.*', 'z.$2.$1', 'k.a.b', 'z.b.a'],
  ['k.*.*', 'z.$2.$1', 'k.*.b', null],
  ['k.*.*', 'z.$2.$1', 'k.a.>', null],
  ['k.*.*', 'z.$2.$1', 'k.a', null],
  ['k.*.*', 'z.$2.$1', 'k.a.b.c', null],
  ['k.*.*', 'z.$2.$1', 'q.a.b', null],
  ['k.>', 'z.>', 'k..a', null],
  ['k.>', 'z.>', 'k.', null],
  ['k.*x', 'z.w', 'k.q', 'z.w'],
  ['k.*x', 'z.w', 'k.*', null],
  ['k.>x', 'z.w', 'k.>x', 'z.w'],
  ['k.>x', 'z.w', 'k.q', null],
]);

check('an empty destination leaves what the source matches as it is', [
  ['a.*', '', 'a.b', 'a.b'],
  ['a.*', '', 'b.b', null],
  ['', '', 'a.b', 'a.b'],
]);

const SPELLINGS: readonly (readonly string[])[] = [
  ['wildcard(1)', 'Wildcard(1)'],
  ['partition(3)', 'Partition(3)', 'partition(+3)', 'partition( 03 )'],
  ['partition(9,1)', 'partition(9, 1)', 'partition( 9 ,1 )', 'partition(9,\t1)'],
  ['random(1)', 'Random( 1 )'],
  ['split(1,b)', 'Split(1,b)', 'split( 1 ,b)', 'split(1, b)'],
  ['splitFromLeft(1,2)', 'splitfromleft(1,2)', 'SplitFromLeft(1,2)', 'splitFromleft(1,2)', 'Splitfromleft( 1 , 2 )'],
  ['splitFromRight(1,2)', 'splitfromright(1,2)', 'SplitFromRight(1,2)'],
  ['sliceFromLeft(1,2)', 'slicefromleft(1,2)', 'SliceFromleft(1,2)'],
  ['sliceFromRight(1,2)', 'slicefromright(1,2)', 'SliceFromRight(1,2)'],
  ['left(1,2)', 'Left(1,2)'],
  ['right(1,2)', 'Right(1,2)'],
];

test('each word of a function name may begin with a capital, and blanks may stand around arguments', () => {
  for (const [usual, ...others] of SPELLINGS) {
    const wanted = compile('k.*', `x.{{${usual}}}`).transform('k.abcbd');
    for (const other of others) assert.is(compile('k.*', `x.{{${other}}}`).transform('k.abcbd'), wanted, other);
  }
});

test('random draws from its buckets, evenly, through the port it was given', () => {
  const bounds: number[] = [];
  const random = { below: (bound: number) => bounds.push(bound) - 1 };
  const transform = compile('k.*', 'x.{{random(5)}}.{{random(-4)}}.{{Random(-2147483649)}}', { random });
  assert.is(transform.transform('k.a'), 'x.0.1.2');
  assert.equal(bounds, [5, 4, 2147483647]);
});

test('only a transform that draws is not to be remembered', () => {
  assert.is(compile('k.*', 'x.{{partition(5)}}.$1').isDeterministic, true);
  assert.is(compile('k.*', 'x.{{random(1)}}').isDeterministic, true);
  assert.is(compile('k.*', 'x.{{random(2)}}.$1').isDeterministic, false);
});

test('a pattern that the source covers can be rewritten like a subject', () => {
  assert.is(compile('k.*.>', 'x.$1.>').rewrite('k.*.b.>'), 'x.*.b.>');
});

/** Straight from the definitions, for tokens of ASCII. */
const NAIVE: Record<string, (token: string, size: number) => string> = {
  splitFromLeft: (token, size) => `${token.slice(0, size)}.${token.slice(size)}`,
  splitFromRight: (token, size) => `${token.slice(0, token.length - size)}.${token.slice(token.length - size)}`,
  sliceFromLeft: (token, size) => token.match(new RegExp(`.{1,${size}}`, 'g'))!.join('.'),
  sliceFromRight: (token, size) =>
    [...reversed(token).match(new RegExp(`.{1,${size}}`, 'g'))!].map(reversed).reverse().join('.'),
  left: (token, size) => [...token].filter((_, at) => at < size).join(''),
  right: (token, size) => [...token].filter((_, at) => at >= token.length - size).join(''),
};

function reversed(text: string): string {
  return [...text].reverse().join('');
}

function randomToken(random: FastRandom): string {
  return Array.from({ length: 1 + random.below(9) }, () => 'ab-_'[random.below(4)]).join('');
}

test('cutting functions do to any token what their definitions say', () =>
  withSeed((random) => {
    for (let round = 0; round < 1_000; round++) {
      const token = randomToken(random);
      const size = random.below(12) - 1;
      for (const [name, cut] of Object.entries(NAIVE)) {
        const expected = size > 0 && size < token.length ? cut(token, size) : token;
        const transform = compile('k.*', `x.{{${name}(1,${size})}}`);
        assert.is(transform.transform(`k.${token}`), `x.${expected}`, `${name} ${token} ${size}`);
      }
    }
  }));

test('splitting leaves the non-empty parts of any token that does not begin with two delimiters', () =>
  withSeed((random) => {
    const transform = compile('k.*', 'x.{{split(1,-)}}');
    for (let round = 0; round < 1_000; round++) {
      const token = randomToken(random);
      const parts = token.split('-').filter((part) => part !== '');
      if (token.startsWith('--') || parts.length === 0) continue;
      assert.is(transform.transform(`k.${token}`), `x.${parts.join('.')}`, token);
    }
  }));

test('references pick the tokens under the wildcards of any source', () =>
  withSeed((random) => {
    for (let round = 0; round < 1_000; round++) {
      const tokens = Array.from({ length: 1 + random.below(6) }, () => randomToken(random));
      const pattern = tokens.map((token) => (random.below(2) === 0 ? '*' : token));
      const wild = tokens.filter((_, at) => pattern[at] === '*');
      if (wild.length === 0) continue;
      const wanted = Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(wild.length));
      const destination = wanted.map((index) => (random.below(2) === 0 ? `$${index}` : `{{wildcard(${index})}}`));
      const transform = compile(pattern.join('.'), destination.join('.'));
      assert.is(transform.transform(tokens.join('.')), wanted.map((index) => wild[index - 1]).join('.'));
    }
  }));

test.run();
