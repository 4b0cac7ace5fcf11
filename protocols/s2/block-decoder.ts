/** The elements of a block: literals, copies, and copies from as far back as the last one. */
import type { Memory } from './memory.ts';
import { BlockFault, reasonOfFault, type S2Reason } from './problem.ts';

/** From this length on, a copy by the engine is faster than a loop. */
const NATIVE_FROM = 192;
/** How far a loop of words may write past the end of what it copies. */
const OVERSHOOT = 4;

/**
 * Decodes the elements in [from, end) of the source to [start, limit) of the target, which they must fill. Answers null, or
 * what is wrong. What lies behind `limit` stays as it was.
 */
export function decodeElements(
  source: Memory,
  from: number,
  end: number,
  target: Memory,
  start: number,
  limit: number,
): S2Reason | null {
  const filled = decode(source, from, end, target, start, limit);
  if (filled < 0) return reasonOfFault(filled);
  return filled === limit ? null : reasonOfFault(BlockFault.incomplete);
}

/** How many bytes the elements decode to, or a fault, without decoding them. Memory is asked for only after this. */
export function measureElements(source: Uint8Array, from: number, end: number): number {
  let at = from;
  let total = 0;
  while (at < end) {
    const tag = source[at++] as number;
    const kind = tag & 3;
    const upper = tag >>> 2;
    if (kind === 0) {
      const extra = upper < 60 ? 0 : upper - 59;
      if (at + extra > end) return BlockFault.truncated;
      const length = (extra === 0 ? upper : littleEndian(source, at, extra)) + 1;
      at += extra + length;
      total += length;
    } else if (kind === 1) {
      const isRepeat = (tag & 0xe0) === 0 && source[at] === 0;
      const extra = isRepeat && (upper & 7) > 4 ? (upper & 7) - 4 : 0;
      total += 4 + (extra === 0 ? upper & 7 : littleEndian(source, at + 1, extra) + REPEAT_BASES[extra]!);
      at += 1 + extra;
    } else {
      at += kind === 2 ? 2 : 4;
      total += upper + 1;
    }
  }
  return at > end ? BlockFault.truncated : total;
}

/** What is added to the length of a repeat that has so many bytes for it. */
const REPEAT_BASES: readonly number[] = [0, 4, 1 << 8, 1 << 16];

function littleEndian(source: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + (source[at + index] ?? 0);
  return value;
}

/** The state machine: what follows is read for each element of each block, so it stands in one piece. */
function decode(from: Memory, at: number, end: number, to: Memory, start: number, limit: number): number {
  const source = from.bytes;
  const target = to.bytes;
  const sourceView = from.view;
  const targetView = to.view;
  const wordsEnd = end - OVERSHOOT;
  const wordsLimit = limit - OVERSHOOT;
  let s = at;
  let d = start;
  let offset = 0;
  while (s < end) {
    const tag = source[s++] as number;
    let length = tag >>> 2;
    switch (tag & 3) {
      case 0: {
        if (length >= 60) {
          const extra = length - 59;
          if (s + extra > end) return BlockFault.truncated;
          length = source[s] as number;
          if (extra > 1) length |= (source[s + 1] as number) << 8;
          if (extra > 2) length |= (source[s + 2] as number) << 16;
          if (extra > 3) length += (source[s + 3] as number) * 0x1000000;
          s += extra;
        }
        length++;
        const stop = s + length;
        if (stop > end) return BlockFault.truncated;
        if (d + length > limit) return BlockFault.overflow;
        if (length <= 16 && s + 16 <= end && d + 16 <= limit) {
          targetView.setInt32(d, sourceView.getInt32(s, true), true);
          targetView.setInt32(d + 4, sourceView.getInt32(s + 4, true), true);
          targetView.setInt32(d + 8, sourceView.getInt32(s + 8, true), true);
          targetView.setInt32(d + 12, sourceView.getInt32(s + 12, true), true);
          d += length;
        } else if (length >= NATIVE_FROM) {
          source.copy(target, d, s, stop);
          d += length;
        } else if (stop <= wordsEnd && d + length <= wordsLimit) {
          const back = d - s;
          for (let word = s; word < stop; word += 4)
            targetView.setInt32(word + back, sourceView.getInt32(word, true), true);
          d += length;
        } else {
          for (let byte = s; byte < stop; byte++) target[d++] = source[byte] as number;
        }
        s = stop;
        continue;
      }
      case 1: {
        if (s >= end) return BlockFault.truncated;
        const near = ((tag & 0xe0) << 3) | (source[s++] as number);
        length &= 7;
        if (near !== 0) offset = near;
        else if (length >= 5) {
          const extra = length - 4;
          if (s + extra > end) return BlockFault.truncated;
          const first = source[s] as number;
          if (extra === 1) length = first + 4;
          else if (extra === 2) length = (first | ((source[s + 1] as number) << 8)) + (1 << 8);
          else length = (first | ((source[s + 1] as number) << 8) | ((source[s + 2] as number) << 16)) + (1 << 16);
          s += extra;
        }
        length += 4;
        break;
      }
      case 2:
        if (s + 2 > end) return BlockFault.truncated;
        offset = (source[s] as number) | ((source[s + 1] as number) << 8);
        s += 2;
        length++;
        break;
      default:
        if (s + 4 > end) return BlockFault.truncated;
        offset = sourceView.getUint32(s, true);
        s += 4;
        length++;
    }
    if (offset === 0 || offset > d - start) return BlockFault.offset;
    const stop = d + length;
    if (stop > limit) return BlockFault.overflow;
    if (length <= 16 && offset >= 4 && d + 16 <= limit) {
      targetView.setInt32(d, targetView.getInt32(d - offset, true), true);
      targetView.setInt32(d + 4, targetView.getInt32(d + 4 - offset, true), true);
      targetView.setInt32(d + 8, targetView.getInt32(d + 8 - offset, true), true);
      targetView.setInt32(d + 12, targetView.getInt32(d + 12 - offset, true), true);
    } else if (length >= NATIVE_FROM) {
      repeatBytes(target, d, offset, length);
    } else if (offset >= 4 && stop <= wordsLimit) {
      for (let word = d; word < stop; word += 4)
        targetView.setInt32(word, targetView.getInt32(word - offset, true), true);
    } else {
      for (let byte = d; byte < stop; byte++) target[byte] = target[byte - offset] as number;
    }
    d = stop;
  }
  return d;
}

/** A long copy, which may overlap with itself: what is there doubles with each step. */
function repeatBytes(target: Buffer, at: number, offset: number, length: number): void {
  const from = at - offset;
  let done = 0;
  while (done < length) {
    const count = Math.min(offset + done, length - done);
    target.copyWithin(at + done, from, from + count);
    done += count;
  }
}
