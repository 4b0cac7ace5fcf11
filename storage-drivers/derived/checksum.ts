/** CRC-32, by Node where it has one (from 20.15 on) and by table elsewhere. */
import * as zlib from 'node:zlib';

type Crc32 = (bytes: Uint8Array, seed?: number) => number;

export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? crc32ByTable;

let table: Uint32Array | null = null;

export function crc32ByTable(bytes: Uint8Array, seed = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte));
  let crc = ~seed >>> 0;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

function remainderOf(byte: number): number {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest >>> 0;
}
