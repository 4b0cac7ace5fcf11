import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import {
  collide,
  hasWildcard,
  isLiteral,
  isLiteralSubjectBytes,
  isSubset,
  isValidLiteral,
  isValidSubject,
  isValidSubjectBytes,
  isWellFormed,
  matchesLiteral,
  subjectFromText,
  textFromSubject,
  tokenAt,
  tokenCount,
} from '../../../kernel/routing/subject.ts';
import { withSeed } from '../ports/seed.ts';

/** subject, well formed, free of white space, has a wildcard */
const SUBJECTS: readonly [string, boolean, boolean, boolean][] = [
  ['foo', true, true, false],
  ['foo.bar.baz', true, true, false],
  ['*', true, true, true],
  ['>', true, true, true],
  ['foo.*', true, true, true],
  ['foo.*.bar', true, true, true],
  ['foo.>', true, true, true],
  ['*.>', true, true, true],
  ['', false, true, false],
  ['.', false, true, false],
  ['.foo', false, true, false],
  ['foo.', false, true, false],
  ['foo..bar', false, true, false],
  ['foo.>.bar', false, true, true],
  ['>.foo', false, true, true],
  ['>.', false, true, true],
  ['foo*', true, true, false],
  ['*foo.bar', true, true, false],
  ['f*o.b>r', true, true, false],
  ['foo.>x', true, true, false],
  ['>>', true, true, false],
  ['**', true, true, false],
  ['foo bar', true, false, false],
  ['foo\tbar', true, false, false],
  ['foo.\n', true, false, false],
  ['\r', true, false, false],
  ['f\fo', true, false, false],
  ['f\vo', true, true, false],
  ['f\0o', true, true, false],
  ['\u00ff\u0080', true, true, false],
  ['$SYS.REQ', true, true, false],
];

for (const [subject, wellFormed, clean, wildcard] of SUBJECTS) {
  test(`${JSON.stringify(subject)} is judged by its tokens`, () => {
    assert.is(isWellFormed(subject), wellFormed);
    assert.is(isValidSubject(subject), wellFormed && clean);
    assert.is(isValidLiteral(subject), wellFormed && !wildcard);
    assert.is(hasWildcard(subject), wildcard);
    assert.is(isLiteral(subject), !wildcard);
    const bytes = Buffer.from(`.>${subject}.*`, 'latin1');
    assert.is(isValidSubjectBytes(bytes, 2, bytes.length - 2), wellFormed);
    assert.is(isLiteralSubjectBytes(bytes, 2, bytes.length - 2), wellFormed && !wildcard);
  });
}

test('a subject that people write in any script is bytes inside, and reads as before outside', () => {
  assert.is(subjectFromText('h\u00e9.*'), 'h\u00c3\u00a9.*');
  assert.is(textFromSubject(subjectFromText('zażółć.日本.🙂')), 'zażółć.日本.🙂');
  assert.is(textFromSubject('a.\u00ff'), 'a.\ufffd');
});

/** literal, pattern, whether it matches */
const MATCHES: readonly [string, string, boolean][] = [
  ['foo', 'foo', true],
  ['foo', 'bar', false],
  ['foo', '*', true],
  ['foo', '>', true],
  ['foo.bar', '>', true],
  ['foo.bar', 'foo.>', true],
  ['foo.bar.baz', 'foo.>', true],
  ['foo', 'foo.>', false],
  ['foo.bar', 'foo.*', true],
  ['foo.bar.baz', 'foo.*', false],
  ['foo', 'foo.*', false],
  ['foo.bar', '*.bar', true],
  ['foo.bar.baz', '*.bar.>', true],
  ['foo.bar', '*.*.>', false],
  ['foo*', 'foo*', true],
  ['foox', 'foo*', false],
  ['foo.b>r', 'foo.b>r', true],
  ['foo.bar', 'foo.b>r', false],
  ['*', '*', true],
  ['*', 'foo', false],
  ['>', '*', true],
  ['foo.>', 'foo.>', true],
  ['foo.>', 'foo.bar', false],
  ['a..b', 'a.*.b', false],
  ['a..b', 'a..b', false],
  ['a..b', '>', false],
  ['a.b..', 'a.>', false],
  ['.a', '>', false],
  ['a.', 'a.*', false],
  ['', '>', false],
  ['', '', false],
];

for (const [literal, pattern, expected] of MATCHES) {
  test(`a message on ${JSON.stringify(literal)} ${expected ? 'reaches' : 'misses'} ${JSON.stringify(pattern)}`, () => {
    assert.is(matchesLiteral(literal, pattern), expected);
  });
}

/** narrow, wide, whether all of narrow is in wide */
const SUBSETS: readonly [string, string, boolean][] = [
  ['foo.*', '>', true],
  ['foo.*', '*.*', true],
  ['foo.*', 'foo.*', true],
  ['foo.*', 'foo.>', true],
  ['foo.*', 'foo.bar', false],
  ['foo.*', '*', false],
  ['foo.>', 'foo.*', false],
  ['foo.>', 'foo.>', true],
  ['foo.>', '*.>', true],
  ['foo.>', '>', true],
  ['>', 'foo.>', false],
  ['>', '>', true],
  ['>', '*', false],
  ['*', '>', true],
  ['foo', 'foo.>', false],
  ['foo.*.>', 'foo.>', true],
  ['foo.>', 'foo.*.>', false],
  ['foo.bar', 'foo.*', true],
  ['foo.bar', 'foo.baz', false],
  ['*.bar', 'foo.bar', false],
  // What servers do with tokens that only begin like a wildcard.
  ['q.y', '*x.y', true],
  ['*x.y', '*x.y', true],
  ['*.y', '*x.y', false],
  ['>.y', '*x.y', false],
  ['q.y', '>x.y', false],
  ['a.c', 'a.>b', false],
  ['a.>x', 'a.*', true],
  // And with subjects that have an empty token.
  ['a..b', 'a.>', true],
  ['a.', 'a.>', true],
  ['a.', 'a.*', false],
  ['a..b', 'a.*.>', false],
  ['', '>', false],
];

for (const [narrow, wide, expected] of SUBSETS) {
  test(`${JSON.stringify(wide)} ${expected ? 'covers' : 'does not cover'} ${JSON.stringify(narrow)}`, () => {
    assert.is(isSubset(narrow, wide), expected);
  });
}

/** one, other, whether a literal matches both */
const COLLISIONS: readonly [string, string, boolean][] = [
  ['foo.*', '*.bar', true],
  ['foo.*', '*.bar.>', false],
  ['foo.>', '*.bar', true],
  ['foo.>', 'foo', false],
  ['foo', 'foo', true],
  ['foo', 'bar', false],
  ['>', 'foo.bar', true],
  ['foo.*.baz', 'foo.bar', false],
  ['foo.*.baz', 'foo.bar.*', true],
  ['foo.*.baz', 'foo.bar.qux', false],
  ['foo*', 'foox', false],
  ['*.>', '>', true],
];

for (const [one, other, expected] of COLLISIONS) {
  test(`${one} and ${other} ${expected ? 'have a subject' : 'have no subject'} in common`, () => {
    assert.is(collide(one, other), expected);
    assert.is(collide(other, one), expected);
  });
}

test('tokens are counted and found from 1', () => {
  assert.equal(
    [0, 1, 2, 3, 4].map((position) => tokenAt('foo.bar.*', position)),
    ['', 'foo', 'bar', '*', ''],
  );
  assert.equal(
    ['', 'a', 'a.b', 'a.b.>', 'a..'].map((subject) => tokenCount(subject)),
    [0, 1, 2, 3, 3],
  );
  assert.is(tokenAt('a..b', 2), '');
  assert.is(tokenAt('', 1), '');
});

/** The definition of matching, token by token. */
function naiveMatch(literal: readonly string[], pattern: readonly string[]): boolean {
  if (literal.includes('')) return false;
  const last = pattern.length - 1;
  if (pattern[last] === '>') return literal.length > last && naiveMatch(literal.slice(0, last), pattern.slice(0, last));
  return (
    literal.length === pattern.length &&
    pattern.every((token, at) => token === '*' || token === literal[at]) &&
    !literal.includes('')
  );
}

/** All subjects of up to `most` tokens out of `words`. */
function allSubjects(words: readonly string[], most: number): string[] {
  const all: string[] = [];
  let longest = [''];
  for (let length = 1; length <= most; length++) {
    longest = longest.flatMap((head) => words.map((word) => (head === '' ? word : `${head}.${word}`)));
    all.push(...longest);
  }
  return all;
}

const PATTERNS = allSubjects(['a', 'b', '*', '>'], 3).filter(isWellFormed);
/** One token longer than any pattern and with one word that no pattern has: enough to tell any two patterns apart. */
const LITERALS = allSubjects(['a', 'b', 'c'], 4);
const MATCHED = new Map(
  PATTERNS.map((pattern) => [pattern, new Set(LITERALS.filter((it) => naiveMatch(it.split('.'), pattern.split('.'))))]),
);

test('every pattern of up to three tokens matches just the subjects it should', () => {
  for (const [pattern, matched] of MATCHED) {
    for (const literal of LITERALS) {
      assert.is(matchesLiteral(literal, pattern), matched.has(literal), `${literal} ${pattern}`);
    }
  }
});

test('of any two patterns one covers the other, or both collide, just when their subjects say so', () => {
  for (const [one, ofOne] of MATCHED) {
    for (const [other, ofOther] of MATCHED) {
      assert.is(
        isSubset(one, other),
        [...ofOne].every((literal) => ofOther.has(literal)),
        `${one} in ${other}`,
      );
      assert.is(
        collide(one, other),
        [...ofOne].some((literal) => ofOther.has(literal)),
        `${one} with ${other}`,
      );
    }
  }
});

function randomSubject(random: FastRandom, words: readonly string[]): string {
  return Array.from({ length: 1 + random.below(5) }, () => words[random.below(words.length)]).join('.');
}

test('long and odd subjects match as their tokens say', () =>
  withSeed((random) => {
    const odd = ['a', 'a', 'b', 'ab', 'a*', '*a', '>b', '*', '>', '', '\u00ff'];
    for (let round = 0; round < 20_000; round++) {
      const literal = randomSubject(random, odd);
      const pattern = randomSubject(random, ['a', 'a', 'b', 'ab', 'a*', '>b', '*', '*', '>', '\u00ff']);
      if (!isWellFormed(pattern)) continue;
      const expected = naiveMatch(literal.split('.'), pattern.split('.'));
      assert.is(matchesLiteral(literal, pattern), expected, `${literal} ${pattern}`);
    }
  }));

test('bytes in the middle of a buffer are judged as the same text is', () =>
  withSeed((random) => {
    for (let round = 0; round < 20_000; round++) {
      const subject = randomSubject(random, ['a', 'bc', '*', '>', '', 'x>', '\u00ff']);
      const bytes = Buffer.from(`x${subject}y`, 'latin1');
      assert.is(isValidSubjectBytes(bytes, 1, bytes.length - 1), isWellFormed(subject), subject);
      assert.is(isLiteralSubjectBytes(bytes, 1, bytes.length - 1), isValidLiteral(subject), subject);
    }
  }));

test.run();
