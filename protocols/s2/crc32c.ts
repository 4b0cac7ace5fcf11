/** CRC-32C (Castagnoli), as the chunks of the stream format carry it: over the bytes before compression, and masked. */

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;
/** Bytes a step of the loop takes, each with its own table. */
const STEP = 16;
const ENTRIES = 256;

/** Sixteen tables, one behind the other: the k-th says what a byte does that k more bytes of zero follow. */
const TABLES = makeTables();

/** Reads words where they lie: `view` sees the same memory as the caller's bytes, and `start` and `end` count in it. */
export function crc32c(view: DataView, start: number, end: number): number {
  const tables = TABLES;
  let crc = -1;
  let at = start;
  for (const last = end - STEP; at <= last; at += STEP) {
    const first = view.getInt32(at, true) ^ crc;
    const second = view.getInt32(at + 4, true);
    const third = view.getInt32(at + 8, true);
    const fourth = view.getInt32(at + 12, true);
    crc =
      (tables[0xf00 | (first & 0xff)] as number) ^
      (tables[0xe00 | ((first >>> 8) & 0xff)] as number) ^
      (tables[0xd00 | ((first >>> 16) & 0xff)] as number) ^
      (tables[0xc00 | (first >>> 24)] as number) ^
      (tables[0xb00 | (second & 0xff)] as number) ^
      (tables[0xa00 | ((second >>> 8) & 0xff)] as number) ^
      (tables[0x900 | ((second >>> 16) & 0xff)] as number) ^
      (tables[0x800 | (second >>> 24)] as number) ^
      (tables[0x700 | (third & 0xff)] as number) ^
      (tables[0x600 | ((third >>> 8) & 0xff)] as number) ^
      (tables[0x500 | ((third >>> 16) & 0xff)] as number) ^
      (tables[0x400 | (third >>> 24)] as number) ^
      (tables[0x300 | (fourth & 0xff)] as number) ^
      (tables[0x200 | ((fourth >>> 8) & 0xff)] as number) ^
      (tables[0x100 | ((fourth >>> 16) & 0xff)] as number) ^
      (tables[fourth >>> 24] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (tables[(crc ^ view.getUint8(at)) & 0xff] as number);
  return ~crc;
}

/** The same, turned and shifted so that a checksum of bytes that hold checksums stays sound. A 32-bit number with a sign. */
export function maskedCrc32c(view: DataView, start: number, end: number): number {
  const crc = crc32c(view, start, end);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) | 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(STEP * ENTRIES);
  for (let byte = 0; byte < ENTRIES; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    tables[byte] = crc;
  }
  for (let at = ENTRIES; at < tables.length; at++) {
    const before = tables[at - ENTRIES] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}
