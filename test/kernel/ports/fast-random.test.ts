import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';

test('a seed gives the same numbers on every machine and in every version', () => {
  const random = FastRandom.fromSeed(42);
  assert.equal([random.word(), random.word(), random.word()], PINNED);
});

test('neighbouring seeds have nothing in common', () => {
  const words = new Set(Array.from({ length: 1000 }, (_, seed) => FastRandom.fromSeed(seed).word()));
  assert.is(words.size, 1000);
  assert.is.not(FastRandom.fromSeed(1).word(), FastRandom.fromSeed(1 + 2 ** 32).word());
});

test('every value below a bound is about equally likely', () => {
  const random = FastRandom.fromSeed(7);
  const counts = new Array<number>(10).fill(0);
  for (let count = 0; count < 100_000; count++) counts[random.below(10)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, String(counts));
});

test('a fork goes its own way and leaves its parent at the same place', () => {
  const [one, other] = [FastRandom.fromSeed(1), FastRandom.fromSeed(1)];
  const fork = one.fork();
  for (let count = 0; count < 100; count++) fork.word();
  other.fork();
  assert.is(one.word(), other.word());
  assert.is.not(fork.word(), one.word());
});

const PINNED = [3648644458, 4206697674, 2509843200];

test.run();
