import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { matchesLiteral } from '../../../kernel/routing/subject.ts';
import { SubjectTree } from '../../../kernel/routing/subject-tree.ts';
import { withSeed } from '../ports/seed.ts';

function treeOf(...patterns: string[]): SubjectTree<string> {
  const tree = new SubjectTree<string>();
  for (const pattern of patterns) tree.setValue(tree.ensure(pattern), pattern);
  return tree;
}

function covers(tree: SubjectTree<string>, subject: string): boolean {
  // As in a read buffer, with other bytes around it.
  const bytes = Buffer.from(`PUB ${subject} 5`, 'latin1');
  return tree.covers(bytes, 4, bytes.length - 2);
}

function found(tree: SubjectTree<string>, subject: string): string[] {
  const bytes = Buffer.from(subject, 'latin1');
  return tree.matched.slice(0, tree.match(bytes, 0, bytes.length)).sort();
}

test('an empty tree covers nothing, and a branch without a value neither', () => {
  const tree = treeOf();
  assert.is(covers(tree, 'a'), false);
  tree.ensure('a.b');
  tree.ensure('a.>');
  tree.setValue(tree.ensure('z'), 'z');
  assert.equal(
    ['a', 'a.b', 'a.c', 'z'].map((subject) => covers(tree, subject)),
    [false, false, false, true],
  );
});

test('subjects with an empty token are covered by nothing', () => {
  const tree = treeOf('>', '*', 'a.*.b');
  assert.equal(
    ['', '.', 'a.', '.a', 'a..b'].map((subject) => covers(tree, subject)),
    new Array(5).fill(false),
  );
});

test('two trees that are asked in turn do not mix up their subjects', () => {
  const [left, right] = [treeOf('a.*', 'b.>'), treeOf('b.*', 'a.>')];
  for (const [subject, inLeft, inRight] of [
    ['a.x', ['a.*'], ['a.>']],
    ['b.x', ['b.>'], ['b.*']],
    ['a.x.y', [], ['a.>']],
  ] as const) {
    assert.equal(found(left, subject), inLeft);
    assert.equal(found(right, subject), inRight);
    assert.equal([covers(left, subject), covers(right, subject)], [inLeft.length > 0, inRight.length > 0]);
  }
});

test('a subject of many tokens is looked up like any other', () => {
  const deep = Array.from({ length: 500 }, (_, at) => `t${at}`).join('.');
  const tree = treeOf(deep, 'short', `${'*.'.repeat(499)}*`);
  assert.is(found(tree, deep).length, 2);
  assert.ok(covers(tree, deep));
  assert.not.ok(covers(tree, `${deep}.x`));
  assert.equal(found(tree, 'short'), ['short']);
});

test('random trees cover and match what a naive reading of their patterns says', () =>
  withSeed((random) => {
    for (let round = 0; round < 500; round++) {
      const patterns = [...new Set(Array.from({ length: random.below(8) }, () => pattern(random)))];
      const tree = treeOf(...patterns);
      for (let question = 0; question < 20; question++) {
        const subject = pattern(random).replace(/[*>]/g, 'b');
        const expected = patterns.filter((one) => matchesLiteral(subject, one)).sort();
        assert.equal(found(tree, subject), expected, `${patterns} ${subject}`);
        assert.is(covers(tree, subject), expected.length > 0, `${patterns} ${subject}`);
      }
    }
  }));

test('a tree that loses its last pattern gives everything back', () => {
  const tree = treeOf();
  const nodes = Array.from({ length: 1000 }, (_, at) => tree.ensure(`a.${at}.b`));
  for (const node of nodes) tree.setValue(node, 'x');
  for (const node of nodes) tree.removeValue(node);
  assert.equal([tree.size, tree.slotCount], [0, 1]);
  tree.setValue(tree.ensure('a.b'), 'again');
  assert.equal(found(tree, 'a.b'), ['again']);
});

function pattern(random: FastRandom): string {
  const tokens = Array.from({ length: 1 + random.below(4) }, () => ['a', 'b', 'ab', '*'][random.below(4)]!);
  return random.below(4) === 0 ? `${tokens.join('.')}.>` : tokens.join('.');
}

test.run();
