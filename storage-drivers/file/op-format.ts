/**
 * What a store writes: one operation per record. The same bytes, with the header of a record before them, stand in the journal and, where
 * messages are concerned, in the blocks.
 *
 * Every operation has a number, one higher than the one before; so it is known which of those in the journal a checkpoint includes
 * already, and when one is missing.
 */
import { FREES_SPACE } from './journal/journal.ts';
import { RECORD_HEADER_BYTES, REFERS } from './journal/record-format.ts';
import { getU64, putU64 } from './numbers.ts';

export const Op = {
  append: 1,
  cellPut: 2,
  cellExtend: 3,
  /** The store begins: first sequence and id. */
  create: 4,
  /** Somebody opened the store and begins to write. */
  era: 5,
  advance: 6,
  /** A staged store takes the place of another of its name. */
  publish: 7,
  /** A message that is in a block already: the journal only says which one. */
  placed: 8 | REFERS,
  remove: 1 | FREES_SPACE,
  erase: 2 | FREES_SPACE,
  drop: 3 | FREES_SPACE,
  cut: 4 | FREES_SPACE,
  cellDelete: 5 | FREES_SPACE,
  destroy: 6 | FREES_SPACE,
} as const;

/** Every operation begins with its number. */
export const OP_HEADER_BYTES = 4;
/** Number, sequence, time, flags and lengths of an appended message. */
export const APPEND_HEADER_BYTES = 28;
/** Number, sequence, block and length of a message that was placed. */
export const PLACED_BYTES = 20;
/** What an appended message takes beyond its content. */
export const APPEND_OVERHEAD = RECORD_HEADER_BYTES + APPEND_HEADER_BYTES;

const NANOS_BITS = 30;
const NANOS_MASK = 0x3fffffff;
const TWO_TO_32 = 4294967296;

export function writeAppendHeader(
  view: DataView,
  at: number,
  serial: number,
  seq: number,
  seconds: number,
  nanos: number,
  flags: number,
  subjectLength: number,
  headerLength: number,
): void {
  view.setUint32(at, serial >>> 0, true);
  putU64(view, at + 4, seq);
  view.setUint32(at + 12, seconds >>> 0, true);
  view.setUint32(at + 16, ((Math.floor(seconds / TWO_TO_32) << NANOS_BITS) | nanos) >>> 0, true);
  view.setUint16(at + 20, flags, true);
  view.setUint16(at + 22, subjectLength, true);
  view.setUint32(at + 24, headerLength, true);
}

/** Where the data of a message is, filled again and again. */
export interface AppendView {
  seq: number;
  seconds: number;
  nanos: number;
  flags: number;
  subjectBytes: Uint8Array;
  subjectStart: number;
  subjectEnd: number;
  bytes: Uint8Array;
  headerStart: number;
  bodyStart: number;
  bodyEnd: number;
}

/** The data of an appended message stands from `at` to `end`. */
export function readAppend(bytes: Uint8Array, view: DataView, at: number, end: number, into: AppendView): void {
  const nanos = view.getUint32(at + 16, true);
  const seconds = view.getUint32(at + 12, true);
  const subjectStart = at + APPEND_HEADER_BYTES;
  const subjectEnd = subjectStart + view.getUint16(at + 22, true);
  into.seq = getU64(view, at + 4);
  into.seconds = nanos >>> NANOS_BITS === 0 ? seconds : seconds + (nanos >>> NANOS_BITS) * TWO_TO_32;
  into.nanos = nanos & NANOS_MASK;
  into.flags = view.getUint16(at + 20, true);
  into.subjectBytes = bytes;
  into.subjectStart = subjectStart;
  into.subjectEnd = subjectEnd;
  into.bytes = bytes;
  into.headerStart = subjectEnd;
  into.bodyStart = subjectEnd + view.getUint32(at + 24, true);
  into.bodyEnd = end;
}

export function appendSeqAt(view: DataView, at: number): number {
  return getU64(view, at + 4);
}

/** How far an operation is ahead of another, by what is left of their numbers. */
export function serialDistance(from: number, to: number): number {
  return (to - from) | 0;
}
