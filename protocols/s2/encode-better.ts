/** Level `better`: a table for long matches beside that for short ones, and a look at the next place before one is taken. */
import { emitCopy, emitLiteral, emitRepeat, emitSnappyCopy, MIDDLE_OFFSETS } from './emit.ts';
import { type BlockEncoder, LITERAL_HEADER_MAX, MARGIN } from './encode-fast.ts';
import { matchEnd } from './match.ts';
import { PositionTable } from './position-table.ts';

const SHORT_BITS = 15;
const LONG_BITS = 17;
const SKIP_BITS = 7;

const shortTable = new PositionTable(SHORT_BITS);
const longTable = new PositionTable(LONG_BITS);

function shortHash(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - SHORT_BITS);
}

/** Of eight bytes. */
function longHash(low: number, high: number): number {
  return (Math.imul(low, 0x9e3779b1) + Math.imul(high, 0x85ebca6b)) >>> (32 - LONG_BITS);
}

export const encodeBetter: BlockEncoder = (source, start, end, target, startAt, limit, isSnappy) => {
  const { bytes, view } = source;
  const out = target.bytes;
  // Both are opened alike, but each wipes itself.
  const shortBase = shortTable.open(end - start) - start;
  const longBase = longTable.open(end - start) - start;
  const short = shortTable.entries;
  const long = longTable.entries;
  const last = end - MARGIN - 1;
  let at = startAt;
  let literal = start;
  let offset = 0;
  let s = start;
  while (s <= last) {
    const low = view.getInt32(s, true);
    const high = view.getInt32(s + 4, true);
    const longSlot = longHash(low, high);
    const shortSlot = shortHash(low);
    let candidate = (long[longSlot] as number) - longBase;
    const near = (short[shortSlot] as number) - shortBase;
    long[longSlot] = s + longBase;
    short[shortSlot] = s + shortBase;
    if (candidate >= start && view.getInt32(candidate, true) === low && view.getInt32(candidate + 4, true) === high) {
      // Eight bytes and more: taken.
    } else if (near >= start && view.getInt32(near, true) === low) {
      candidate = near;
      const nextLow = (low >>> 8) | (high << 24);
      const nextHigh = view.getInt32(s + 5, true);
      const nextSlot = longHash(nextLow, nextHigh);
      const next = (long[nextSlot] as number) - longBase;
      if (next >= start && view.getInt32(next, true) === nextLow && view.getInt32(next + 4, true) === nextHigh) {
        s++;
        candidate = next;
        long[nextSlot] = s + longBase;
      }
    } else if (offset !== 0 && view.getInt32(s + 1, true) === view.getInt32(s + 1 - offset, true)) {
      s++;
      candidate = s - offset;
    } else {
      s += 1 + ((s - literal) >>> SKIP_BITS);
      continue;
    }
    const stop = matchEnd(view, candidate + 4, s + 4, end);
    const distance = s - candidate;
    if (stop - s <= 5 && distance >= MIDDLE_OFFSETS && distance !== offset) {
      s++;
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
    remember(view, s + 1, Math.min(stop, last) - 1, shortBase, longBase);
    s = stop;
    literal = stop;
  }
  if (literal === end) return at;
  if (at + end - literal + LITERAL_HEADER_MAX > limit) return -1;
  return emitLiteral(target, at, source, literal, end);
};

/** Some of the places within a match, so that they are found again. */
function remember(view: DataView, from: number, to: number, shortBase: number, longBase: number): void {
  const short = shortTable.entries;
  const long = longTable.entries;
  for (let index = from; index < to; index += 2) {
    const word = view.getInt32(index, true);
    long[longHash(word, view.getInt32(index + 4, true))] = index + longBase;
    short[shortHash(view.getInt32(index + 1, true))] = index + 1 + shortBase;
  }
}
