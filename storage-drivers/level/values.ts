/**
 * The values of the database, each with a checksum of its own in front: LevelDB does not verify its own when it is read
 * through this package. The key is part of what is summed, so that a value under the wrong key is found as well.
 */
import type { MessageBytes } from '../contract.ts';
import { ByteReader, ByteWriter } from '../derived/byte-writer.ts';
import { checksum } from '../derived/checksum.ts';
import type { RecordView } from '../derived/record-view.ts';

const SUM_BYTES = 4;

export function sealed(key: Uint8Array, content: Uint8Array): Uint8Array {
  const value = new Uint8Array(SUM_BYTES + content.length);
  value.set(content, SUM_BYTES);
  new DataView(value.buffer).setUint32(0, sumOf(key, content));
  return value;
}

/** What was sealed, null when it is damaged. */
export function opened(key: Uint8Array, value: Uint8Array): Uint8Array | null {
  if (value.length < SUM_BYTES) return null;
  const content = value.subarray(SUM_BYTES);
  const sum = new DataView(value.buffer, value.byteOffset).getUint32(0);
  return sumOf(key, content) === sum ? content : null;
}

function sumOf(key: Uint8Array, content: Uint8Array): number {
  return checksum(content, 0, content.length, checksum(key, 0, key.length));
}

/** Seconds (8), nanoseconds (4), flags (2), subject length (2), header length (4), then the bytes. */
const RECORD_HEAD = 20;

export function recordContent(seconds: number, nanos: number, flags: number, message: MessageBytes): Uint8Array {
  const { subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd } = message;
  const subjectLength = subjectEnd - subjectStart;
  const content = new Uint8Array(RECORD_HEAD + subjectLength + bodyEnd - headerStart);
  const view = new DataView(content.buffer);
  view.setFloat64(0, seconds);
  view.setUint32(8, nanos);
  view.setUint16(12, flags);
  view.setUint16(14, subjectLength);
  view.setUint32(16, bodyStart - headerStart);
  content.set(message.subjectBytes.subarray(subjectStart, subjectEnd), RECORD_HEAD);
  content.set(message.bytes.subarray(headerStart, bodyEnd), RECORD_HEAD + subjectLength);
  return content;
}

export function contentLengthOf(content: Uint8Array): number {
  return content.length - RECORD_HEAD;
}

export function showRecord(seq: number, content: Uint8Array, view: RecordView): void {
  const numbers = new DataView(content.buffer, content.byteOffset, content.length);
  view.seq = seq;
  view.seconds = numbers.getFloat64(0);
  view.nanos = numbers.getUint32(8);
  view.flags = numbers.getUint16(12);
  view.subjectBytes = content;
  view.subjectStart = RECORD_HEAD;
  view.subjectEnd = RECORD_HEAD + numbers.getUint16(14);
  view.bytes = content;
  view.headerStart = view.subjectEnd;
  view.bodyStart = view.headerStart + numbers.getUint32(16);
  view.bodyEnd = content.length;
}

/** How a store stands, as of the newest batch with a write of it. */
export interface StoreState {
  readonly last: number;
  readonly lastSeconds: number;
  readonly lastNanos: number;
  readonly count: number;
  /** Writes ever made: what marks name. */
  readonly writes: number;
}

export function stateContent(state: StoreState): Uint8Array {
  const writer = new ByteWriter();
  for (const number of [state.last, state.lastSeconds, state.lastNanos, state.count, state.writes]) {
    writer.float64(number);
  }
  return writer.written.slice();
}

export function readState(content: Uint8Array): StoreState {
  const reader = new ByteReader(content, true);
  return {
    last: reader.float64(),
    lastSeconds: reader.float64(),
    lastNanos: reader.float64(),
    count: reader.float64(),
    writes: reader.float64(),
  };
}

/** What stands under the id of a store. */
export interface StoreEntry {
  readonly number: number;
  readonly incarnation: number;
  /** Random: tells the store from others that had its name. */
  readonly identity: number;
}

export function entryContent(entry: StoreEntry): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(entry.number);
  writer.u32(entry.incarnation);
  writer.u32(entry.identity);
  return writer.written.slice();
}

export function readEntry(content: Uint8Array): StoreEntry {
  const reader = new ByteReader(content, true);
  return { number: reader.u32(), incarnation: reader.u32(), identity: reader.u32() };
}

export function rangeContent(from: number, to: number): Uint8Array {
  const writer = new ByteWriter();
  writer.float64(from);
  writer.float64(to);
  return writer.written.slice();
}

export function readRange(content: Uint8Array): { from: number; to: number } {
  const reader = new ByteReader(content, true);
  return { from: reader.float64(), to: reader.float64() };
}
