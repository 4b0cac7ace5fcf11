/** A record within a frame: checksum, length, store, type, and the data. It can be verified without the frame. */
import { checksum, signedChecksum } from '../../derived/checksum.ts';

export const RECORD_HEADER_BYTES = 16;
/** Records of these types speak of what is in other files. */
export const REFERS = 0x40;

/** The data stands at `at + RECORD_HEADER_BYTES` already. */
export function writeRecordHeader(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  store: number,
  type: number,
): void {
  view.setUint32(at + 4, length, true);
  view.setUint32(at + 8, store, true);
  view.setUint32(at + 12, type, true);
  view.setInt32(at, signedChecksum(bytes, at + 4, at + RECORD_HEADER_BYTES + length, 0, view), true);
}

/** The end of the record that begins at `at`, or -1 when it is damaged. */
export function recordEnd(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  const after = recordAfter(view, at, end);
  return after < 0 || checksum(bytes, at + 4, after, 0, view) !== view.getUint32(at, true) ? -1 : after;
}

/** The same where its bytes were checked already; -1 when it does not fit. */
export function recordAfter(view: DataView, at: number, end: number): number {
  if (at + RECORD_HEADER_BYTES > end) return -1;
  const after = at + RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
  return after > end ? -1 : after;
}
