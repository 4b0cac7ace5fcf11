/**
 * CRC-32, as everybody computes it. Long ranges go to zlib where Node lends it; short ones cost less here, where a range needs no
 * object of its own.
 */
import * as zlib from 'node:zlib';

/** Below this many bytes a call into Node costs more than it saves. */
const SHORT_BYTES = 256;

type Crc32 = (bytes: Uint8Array, seed: number) => number;
/** Node has it since 20.15. */
const native = (zlib as unknown as { crc32?: Crc32 }).crc32 ?? null;

/** The checksum of a range, going on from the checksum of what stands before it. */
export function checksum(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  if (native === null || to - from < SHORT_BYTES) return checksumHere(bytes, from, to, seed);
  return native(bytes.subarray(from, to), seed);
}

const POLYNOMIAL = 0xedb88320;
/** Eight tables of 256: what a byte does to the checksum when 0 to 7 others follow it. */
const TABLES = makeTables();

/** Eight bytes at a time, by tables. */
export function checksumHere(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let crc = ~seed;
  let at = from;
  for (; at + 8 <= to; at += 8) {
    const first = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      TABLES[1792 + (first & 255)]! ^
      TABLES[1536 + ((first >>> 8) & 255)]! ^
      TABLES[1280 + ((first >>> 16) & 255)]! ^
      TABLES[1024 + (first >>> 24)]! ^
      TABLES[768 + bytes[at + 4]!]! ^
      TABLES[512 + bytes[at + 5]!]! ^
      TABLES[256 + bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < to; at++) crc = TABLES[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let table = 1; table < 8; table++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[(table - 1) * 256 + byte]!;
      tables[table * 256 + byte] = (before >>> 8) ^ tables[before & 255]!;
    }
  }
  return tables;
}
