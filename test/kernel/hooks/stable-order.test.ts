import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stableOrder } from '../../../kernel/hooks/stable-order.ts';

test('without constraints the given order stays', () => {
  assert.equal(stableOrder(4, []).order, [0, 1, 2, 3]);
});

test('only what must move moves', () => {
  assert.equal(stableOrder(4, [[3, 0]]).order, [1, 2, 3, 0]);
});

test('a cycle is answered along its edges', () => {
  const edges: [number, number][] = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 1],
    [3, 4],
  ];
  const { cycle } = stableOrder(5, edges);
  assert.equal([...cycle!].sort(), [1, 2, 3]);
  for (const [index, from] of cycle!.entries()) {
    const to = cycle![(index + 1) % cycle!.length]!;
    assert.ok(edges.some(([a, b]) => a === from && b === to));
  }
});

test('any set of constraints without a cycle is respected', () => {
  const seed = (Math.random() * 2 ** 31) | 0;
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % bound;
  };
  for (let round = 0; round < 200; round++) {
    const count = 1 + below(12);
    const rank = Array.from({ length: count }, (_, i) => i).sort(() => below(3) - 1);
    const edges: [number, number][] = [];
    for (let i = 0; i < count * 2; i++) {
      const [a, b] = [below(count), below(count)];
      if (rank[a]! < rank[b]!) edges.push([a, b]);
    }
    const { order } = stableOrder(count, edges);
    assert.ok(order, `seed ${seed}`);
    for (const [a, b] of edges) assert.ok(order!.indexOf(a) < order!.indexOf(b), `seed ${seed}`);
  }
});

test.run();
