/** How much work is spent to make bytes fewer. */

import { encodeBest } from './encode-best.ts';
import { encodeBetter } from './encode-better.ts';
import { BLOCK_BYTES_MIN, type BlockEncoder, encodeFast } from './encode-fast.ts';
import type { Memory } from './memory.ts';

/** `uncompressed`: the bytes go out as they are, in chunks with a checksum. */
export type S2Level = 'uncompressed' | 'fast' | 'better' | 'best';

export const S2_LEVELS: readonly S2Level[] = ['uncompressed', 'fast', 'better', 'best'];

const ENCODERS: Record<S2Level, BlockEncoder> = {
  uncompressed: () => -1,
  fast: encodeFast,
  better: encodeBetter,
  best: encodeBest,
};

/**
 * The elements of [start, end), written to the target from `at` on. Answers their end, or -1 when they would take more
 * than `limit` - `at` bytes. A few bytes behind `limit` may be written to.
 */
export function encodeElements(
  level: S2Level,
  source: Memory,
  start: number,
  end: number,
  target: Memory,
  at: number,
  limit: number,
  isSnappy: boolean,
): number {
  if (end - start < BLOCK_BYTES_MIN) return -1;
  return ENCODERS[level](source, start, end, target, at, limit, isSnappy);
}
