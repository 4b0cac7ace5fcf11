/** Writes the elements of a block, each in the shortest form there is for it. */

import type { Memory } from './memory.ts';

/** Lengths that the upper six bits of a tag hold; above it they say how many bytes of length follow. */
const SHORT_LITERAL_MAX = 60;
/** Offsets of copies that take two bytes, three, and five. */
export const NEAR_OFFSETS = 1 << 11;
export const MIDDLE_OFFSETS = 1 << 16;
/** What one copy can hold. */
const NEAR_LENGTH_MAX = 11;
const COPY_LENGTH_MAX = 64;
/** The shortest that can be told as a repeat of the last offset. */
const REPEAT_LENGTH_MIN = 4;
/** Longer than this, a repeat is told in several. */
const REPEAT_UPPER_MAX = 1 << 24;
/** Literals up to here are written as words. */
const WORDS_MAX = 16;
/** From here on the engine copies faster than a loop. */
const NATIVE_FROM = 48;

/** A literal of at least one byte. Like all here it answers where the next element goes. */
export function emitLiteral(target: Memory, at: number, source: Memory, from: number, to: number): number {
  const length = to - from;
  if (length > WORDS_MAX || from + WORDS_MAX > source.bytes.length || at + WORDS_MAX >= target.bytes.length) {
    return emitLongLiteral(target.bytes, at, source.bytes, from, to);
  }
  // Whole words, whether they are needed or not: what is too much is written over by the next element.
  target.bytes[at] = (length - 1) << 2;
  target.view.setInt32(at + 1, source.view.getInt32(from, true), true);
  target.view.setInt32(at + 5, source.view.getInt32(from + 4, true), true);
  target.view.setInt32(at + 9, source.view.getInt32(from + 8, true), true);
  target.view.setInt32(at + 13, source.view.getInt32(from + 12, true), true);
  return at + 1 + length;
}

function emitLongLiteral(target: Buffer, start: number, source: Buffer, from: number, to: number): number {
  let at = start;
  const upper = to - from - 1;
  if (upper < SHORT_LITERAL_MAX) target[at++] = upper << 2;
  else if (upper < 1 << 8) {
    target[at++] = 60 << 2;
    target[at++] = upper;
  } else if (upper < 1 << 16) {
    target[at++] = 61 << 2;
    target[at++] = upper;
    target[at++] = upper >>> 8;
  } else {
    target[at++] = (upper < 1 << 24 ? 62 : 63) << 2;
    target[at++] = upper;
    target[at++] = upper >>> 8;
    target[at++] = upper >>> 16;
    if (upper >= 1 << 24) target[at++] = upper >>> 24;
  }
  if (to - from >= NATIVE_FROM) {
    source.copy(target, at, from, to);
    return at + to - from;
  }
  for (let index = from; index < to; index++) target[at++] = source[index] as number;
  return at;
}

/** A copy of at least four bytes, as S2 tells it: what is too long for one element goes on as a repeat. */
export function emitCopy(target: Buffer, start: number, offset: number, length: number): number {
  if (length <= COPY_LENGTH_MAX) return emitOneCopy(target, start, offset, length);
  let first = offset < NEAR_OFFSETS ? NEAR_LENGTH_MAX : COPY_LENGTH_MAX;
  if (length - first < REPEAT_LENGTH_MIN) first -= REPEAT_LENGTH_MIN;
  const at = emitOneCopy(target, start, offset, first);
  return emitRepeat(target, at, offset, length - first);
}

/** A copy as Snappy knows it. */
export function emitSnappyCopy(target: Buffer, start: number, offset: number, length: number): number {
  let at = start;
  let rest = length;
  while (rest > COPY_LENGTH_MAX) {
    const part = rest - COPY_LENGTH_MAX < REPEAT_LENGTH_MIN ? COPY_LENGTH_MAX - REPEAT_LENGTH_MIN : COPY_LENGTH_MAX;
    at = emitOneCopy(target, at, offset, part);
    rest -= part;
  }
  return emitOneCopy(target, at, offset, rest);
}

/** At least four bytes from as far back as the element before, whose offset that is. */
export function emitRepeat(target: Buffer, start: number, offset: number, length: number): number {
  let at = start;
  let upper = length - REPEAT_LENGTH_MIN;
  for (; upper >= REPEAT_UPPER_MAX; upper -= REPEAT_UPPER_MAX) at = emitLongRepeat(target, at, REPEAT_UPPER_MAX - 4);
  if (upper <= 4) {
    target[at++] = (upper << 2) | 1;
    target[at++] = 0;
  } else if (upper < 8 && offset < NEAR_OFFSETS) {
    target[at++] = ((offset >>> 8) << 5) | (upper << 2) | 1;
    target[at++] = offset;
  } else if (upper < (1 << 8) + 4) {
    target[at++] = (5 << 2) | 1;
    target[at++] = 0;
    target[at++] = upper - 4;
  } else if (upper < (1 << 16) + (1 << 8)) {
    target[at++] = (6 << 2) | 1;
    target[at++] = 0;
    target[at++] = upper - (1 << 8);
    target[at++] = (upper - (1 << 8)) >>> 8;
  } else {
    at = emitLongRepeat(target, at, upper);
  }
  return at;
}

function emitLongRepeat(target: Buffer, at: number, upper: number): number {
  const rest = upper - (1 << 16);
  target[at] = (7 << 2) | 1;
  target[at + 1] = 0;
  target[at + 2] = rest;
  target[at + 3] = rest >>> 8;
  target[at + 4] = rest >>> 16;
  return at + 5;
}

/** Bytes that a copy takes. */
export function copyCost(offset: number, length: number): number {
  if (length > COPY_LENGTH_MAX) {
    return (offset < NEAR_OFFSETS ? 2 : offset < MIDDLE_OFFSETS ? 3 : 5) + repeatCost(length - COPY_LENGTH_MAX);
  }
  if (offset < NEAR_OFFSETS && length <= NEAR_LENGTH_MAX) return 2;
  return offset < MIDDLE_OFFSETS ? 3 : 5;
}

/** Bytes that a repeat takes. */
export function repeatCost(length: number): number {
  if (length <= 8) return 2;
  if (length < (1 << 8) + 8) return 3;
  return length < (1 << 16) + (1 << 8) + 4 ? 4 : 5;
}

function emitOneCopy(target: Buffer, start: number, offset: number, length: number): number {
  let at = start;
  if (offset < NEAR_OFFSETS && length <= NEAR_LENGTH_MAX && length >= 4) {
    target[at++] = ((offset >>> 8) << 5) | ((length - 4) << 2) | 1;
    target[at++] = offset;
    return at;
  }
  target[at++] = ((length - 1) << 2) | (offset < MIDDLE_OFFSETS ? 2 : 3);
  target[at++] = offset;
  target[at++] = offset >>> 8;
  if (offset < MIDDLE_OFFSETS) return at;
  target[at++] = offset >>> 16;
  target[at++] = offset >>> 24;
  return at;
}
