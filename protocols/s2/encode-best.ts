/**
 * Level `best`: all earlier places with the same four bytes are chained, so many of them are tried; a match is taken only when
 * none of the next places has one that is worth more.
 */

import { copyCost, emitCopy, emitLiteral, emitRepeat, emitSnappyCopy, repeatCost } from './emit.ts';
import { type BlockEncoder, LITERAL_HEADER_MAX, MARGIN } from './encode-fast.ts';
import { matchEnd } from './match.ts';
import type { Memory } from './memory.ts';
import { PositionTable } from './position-table.ts';

const HEAD_BITS = 16;
/** Earlier places that are tried for one. */
const CHAIN_MAX = 16;
/** A match of this length is not bettered any more. */
const LONG_ENOUGH = 512;
/** Chains of a block that was longer are not kept for those that follow. */
const KEPT_ENTRIES_MAX = 1 << 20;
const KEPT_ENTRIES_LEAST = 1 << 16;
/** After so many places without a match the steps grow by one. */
const SKIP_BITS = 8;
/** How many places ahead are asked for something better. */
const LOOK_AHEAD = 3;

class Chains {
  readonly heads = new PositionTable(HEAD_BITS);
  /** For each place of the block the one before it in its chain, as it is kept in `heads`. */
  before = new Int32Array(0);
  // The best match that was found.
  from = 0;
  stop = 0;
  gain = 0;

  open(length: number): number {
    const isKeptTooLong = this.before.length > KEPT_ENTRIES_MAX && length <= KEPT_ENTRIES_MAX;
    if (this.before.length < length || isKeptTooLong)
      this.before = new Int32Array(Math.max(length, KEPT_ENTRIES_LEAST));
    return this.heads.open(length);
  }
}

const chains = new Chains();

function hashOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - HEAD_BITS);
}

export const encodeBest: BlockEncoder = (source, start, end, target, startAt, limit, isSnappy) => {
  const { bytes, view } = source;
  const out = target.bytes;
  const base = chains.open(end - start) - start;
  const last = end - MARGIN;
  let at = startAt;
  let literal = start;
  let offset = 0;
  let s = start;
  let inserted = start;
  while (s <= last) {
    for (; inserted < s; inserted++) insert(view, inserted, start, base);
    find(source, s, start, end, base, offset, isSnappy);
    if (chains.gain <= 0) {
      s += 1 + ((s - literal) >>> SKIP_BITS);
      continue;
    }
    let from = chains.from;
    let stop = chains.stop;
    let gain = chains.gain;
    for (let ahead = 1; ahead <= LOOK_AHEAD && s + ahead <= last && stop - s < LONG_ENOUGH; ahead++) {
      for (; inserted < s + ahead; inserted++) insert(view, inserted, start, base);
      find(source, s + ahead, start, end, base, offset, isSnappy);
      if (chains.gain <= gain) continue;
      s += ahead;
      ({ from, stop, gain } = chains);
      ahead = 0;
    }
    while (s > literal && from > start && bytes[s - 1] === bytes[from - 1]) {
      s--;
      from--;
    }
    if (at + s - literal + LITERAL_HEADER_MAX > limit) return -1;
    if (s > literal) at = emitLiteral(target, at, source, literal, s);
    if (isSnappy) at = emitSnappyCopy(out, at, s - from, stop - s);
    else if (s - from === offset) at = emitRepeat(out, at, offset, stop - s);
    else at = emitCopy(out, at, s - from, stop - s);
    if (at > limit) return -1;
    offset = s - from;
    s = stop;
    literal = stop;
    const filled = Math.min(stop, last + 1);
    for (; inserted < filled; inserted++) insert(view, inserted, start, base);
  }
  if (literal === end) return at;
  if (at + end - literal + LITERAL_HEADER_MAX > limit) return -1;
  return emitLiteral(target, at, source, literal, end);
};

function insert(view: DataView, at: number, start: number, base: number): void {
  const { entries } = chains.heads;
  const slot = hashOf(view.getInt32(at, true));
  chains.before[at - start] = entries[slot] as number;
  entries[slot] = at + base;
}

/** Leaves in `chains` the match at `s` that saves most. */
function find(
  source: Memory,
  s: number,
  start: number,
  end: number,
  base: number,
  offset: number,
  isSnappy: boolean,
): void {
  const { view } = source;
  const word = view.getInt32(s, true);
  chains.gain = 0;
  chains.stop = s;
  if (offset !== 0 && view.getInt32(s - offset, true) === word) {
    const stop = matchEnd(view, s - offset + 4, s + 4, end);
    const cost = isSnappy ? copyCost(offset, stop - s) : repeatCost(stop - s);
    keep(s - offset, stop, stop - s - cost);
  }
  const { before } = chains;
  const oldest = start + base;
  let entry = chains.heads.entries[hashOf(word)] as number;
  for (let tries = CHAIN_MAX; entry >= oldest && tries > 0; tries--) {
    const candidate = entry - base;
    entry = before[candidate - start] as number;
    if (view.getInt32(candidate, true) !== word) continue;
    // Farther back is worth it only when it is longer than what there is: look at its end first.
    const needed = chains.stop;
    if (needed < end && needed > s && view.getUint8(candidate + needed - s) !== view.getUint8(needed)) continue;
    const stop = matchEnd(view, candidate + 4, s + 4, end);
    keep(candidate, stop, stop - s - copyCost(s - candidate, stop - s));
    if (stop - s >= LONG_ENOUGH) return;
  }
}

function keep(from: number, stop: number, gain: number): void {
  if (gain <= chains.gain) return;
  chains.from = from;
  chains.stop = stop;
  chains.gain = gain;
}
