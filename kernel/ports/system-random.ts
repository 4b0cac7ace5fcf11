import { randomBytes } from 'node:crypto';
import { FastRandom } from './fast-random.ts';
import type { Random } from './ports.ts';

export function systemRandom(): Random {
  const seed = randomBytes(16);
  const fast = new FastRandom(seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8), seed.readInt32LE(12));
  return {
    below: (bound) => fast.below(bound),
    fraction: () => fast.fraction(),
    bytes: (count) => randomBytes(count),
  };
}
