/** A record whose content is destroyed: as long as it was, whole, and under its number still. */
import { RECORD_HEADER_BYTES, writeRecordHeader } from './journal/record-format.ts';
import { APPEND_HEADER_BYTES, appendSeqAt, Op } from './op-format.ts';

export function wipeRecord(bytes: Uint8Array, view: DataView, at: number, end: number): void {
  const data = at + RECORD_HEADER_BYTES;
  view.setUint16(data + 22, 0, true);
  view.setUint32(data + 24, 0, true);
  bytes.fill(0, data + APPEND_HEADER_BYTES, end);
  writeRecordHeader(bytes, view, at, end - data, view.getUint32(at + 8, true), view.getUint32(at + 12, true));
}

/** Appended messages are looked for by their sequence. */
export function erasureKeyOf(type: number, view: DataView, at: number): number {
  return type === Op.append ? appendSeqAt(view, at) : -1;
}
