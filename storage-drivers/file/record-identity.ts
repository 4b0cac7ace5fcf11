/** A record that comes back from elsewhere, and whether it is the one that was there. */
import type { MessageBytes, StoredRecord } from '../contract.ts';
import { RECORD_HEADER_BYTES, writeRecordHeader } from './journal/record-format.ts';
import { viewOf } from './numbers.ts';
import { APPEND_OVERHEAD, Op, writeAppendHeader } from './op-format.ts';

/** As it stands in a block. Its operation has no number: that is the journal's business. */
export function recordBytes(seq: number, record: StoredRecord, store: number): Uint8Array {
  const { seconds, nanos, flags } = record;
  const subjectLength = record.subjectEnd - record.subjectStart;
  const bytes = new Uint8Array(APPEND_OVERHEAD + lengthOf(record));
  const view = viewOf(bytes);
  const headerLength = record.bodyStart - record.headerStart;
  writeAppendHeader(view, RECORD_HEADER_BYTES, 0, seq, seconds, nanos, flags, subjectLength, headerLength);
  bytes.set(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd), APPEND_OVERHEAD);
  bytes.set(record.bytes.subarray(record.headerStart, record.bodyEnd), APPEND_OVERHEAD + subjectLength);
  writeRecordHeader(bytes, view, 0, bytes.length - RECORD_HEADER_BYTES, store, Op.append);
  return bytes;
}

function lengthOf({ subjectStart, subjectEnd, headerStart, bodyEnd }: MessageBytes): number {
  return subjectEnd - subjectStart + bodyEnd - headerStart;
}

/** Takes over the number of the operation from what is left of the record. */
export function serialOf(left: Uint8Array, into: Uint8Array): void {
  into.set(left.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + 4), RECORD_HEADER_BYTES);
  const view = viewOf(into);
  writeRecordHeader(
    into,
    view,
    0,
    into.length - RECORD_HEADER_BYTES,
    view.getUint32(8, true),
    view.getUint32(12, true),
  );
}

/**
 * Compares with what is left of the record: its checksum says what it was, and if that is what was damaged, its content does. When its
 * head makes no sense any more, nothing is known but how long it was.
 */
export function isSameRecord(left: Uint8Array, candidate: Uint8Array): boolean {
  const [one, other] = [viewOf(left), viewOf(candidate)];
  const isHeadWhole = one.getUint32(4, true) === other.getUint32(4, true) && one.getUint32(12, true) === Op.append;
  if (!isHeadWhole || one.getUint32(0, true) === other.getUint32(0, true)) return true;
  const content = RECORD_HEADER_BYTES + 4;
  return Buffer.compare(left.subarray(content), candidate.subarray(content)) === 0;
}
