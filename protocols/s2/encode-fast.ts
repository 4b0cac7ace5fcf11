/** Level `fast`: one table, the first match is taken, and the longer there is none the faster it goes ahead. */

import { emitCopy, emitLiteral, emitRepeat, emitSnappyCopy, MIDDLE_OFFSETS } from './emit.ts';
import { matchEnd } from './match.ts';
import type { Memory } from './memory.ts';
import { PositionTable } from './position-table.ts';

/** What all levels are: elements for [start, end) of the source, to `at`. Answers their end, or -1 when it would pass `limit`. */
export type BlockEncoder = (
  source: Memory,
  start: number,
  end: number,
  target: Memory,
  at: number,
  limit: number,
  isSnappy: boolean,
) => number;

/** Blocks below have nothing to find. */
export const BLOCK_BYTES_MIN = 16;
/** The last bytes of a block are not looked at: words are read there. */
export const MARGIN = 8;
/** What the header of a literal may take. */
export const LITERAL_HEADER_MAX = 5;
const TABLE_BITS = 14;
const SHIFT = 32 - TABLE_BITS;
const MULTIPLIER = 0x9e3779b1 | 0;
/** After so many places without a match the steps grow by one. */
const SKIP_BITS = 5;

const table = new PositionTable(TABLE_BITS);

export const encodeFast: BlockEncoder = (source, start, end, target, startAt, limit, isSnappy) => {
  const { bytes, view } = source;
  const out = target.bytes;
  const base = table.open(end - start) - start;
  const { entries } = table;
  const last = end - MARGIN;
  const oldest = start + base;
  let at = startAt;
  let literal = start;
  let offset = 0;
  let s = start;
  let skip = 1 << SKIP_BITS;
  while (s <= last) {
    const word = view.getInt32(s, true);
    const slot = Math.imul(word, MULTIPLIER) >>> SHIFT;
    const entry = entries[slot] as number;
    let candidate = entry - base;
    entries[slot] = s + base;
    if (entry < oldest || view.getInt32(candidate, true) !== word) {
      if (offset === 0 || view.getInt32(s + 1, true) !== view.getInt32(s + 1 - offset, true)) {
        s += skip++ >>> SKIP_BITS;
        continue;
      }
      s++;
      candidate = s - offset;
    }
    const stop = matchEnd(view, candidate + 4, s + 4, end);
    const distance = s - candidate;
    if (stop - s <= 5 && distance >= MIDDLE_OFFSETS && distance !== offset) {
      s += skip++ >>> SKIP_BITS;
      continue;
    }
    while (s > literal && candidate > start && bytes[s - 1] === bytes[candidate - 1]) {
      s--;
      candidate--;
    }
    if (at + s - literal + LITERAL_HEADER_MAX > limit) return -1;
    if (s > literal) at = emitLiteral(target, at, source, literal, s);
    if (isSnappy) at = emitSnappyCopy(out, at, distance, stop - s);
    else if (distance === offset) at = emitRepeat(out, at, offset, stop - s);
    else at = emitCopy(out, at, distance, stop - s);
    if (at > limit) return -1;
    offset = distance;
    s = stop;
    literal = stop;
    skip = 1 << SKIP_BITS;
    if (s > last) break;
    const before = view.getInt32(s - 2, true);
    entries[Math.imul(before, MULTIPLIER) >>> SHIFT] = s - 2 + base;
  }
  if (literal === end) return at;
  if (at + end - literal + LITERAL_HEADER_MAX > limit) return -1;
  return emitLiteral(target, at, source, literal, end);
};
