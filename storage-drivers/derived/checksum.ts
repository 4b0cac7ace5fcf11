/**
 * CRC-32, as everybody computes it. Long ranges go to zlib where Node lends it; short ones cost less here, where a range needs no
 * object of its own.
 */
import * as zlib from 'node:zlib';

/** Below this many bytes a call into Node costs more than it saves. */
const SHORT_BYTES = 448;

type Crc32 = (bytes: Uint8Array, seed: number) => number;
/** Node has it since 20.15. */
const native = (zlib as unknown as { crc32?: Crc32 }).crc32 ?? null;

/** The checksum of a range, going on from the checksum of what stands before it. `view`: of the same bytes, where there is one. */
export function checksum(bytes: Uint8Array, from: number, to: number, seed = 0, view: DataView | null = null): number {
  return signedChecksum(bytes, from, to, seed, view) >>> 0;
}

/** The same bits with a sign: for each record there is one, and half of those without would be objects. */
export function signedChecksum(
  bytes: Uint8Array,
  from: number,
  to: number,
  seed: number,
  view: DataView | null,
): number {
  if (native === null || to - from < SHORT_BYTES)
    return sumOf(view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.length), from, to, seed);
  return native(bytes.subarray(from, to), seed) | 0;
}

/** The checksum of a range whose two parts have these checksums each, where the second part is so long. */
export function joinChecksums(first: number, second: number, secondBytes: number): number {
  if (secondBytes !== joinedBytes) {
    joinedBytes = secondBytes;
    joinedFactor = factorOf(secondBytes);
  }
  return (product(joinedFactor, first) ^ second) >>> 0;
}

/** A checksum is the rest of a division of polynomials; its first bit stands for the highest power. This is 1. */
const ONE = 1 << 31;
const POLYNOMIAL = 0xedb88320;
const WIDTH = 16;
/** What a byte does to the checksum when 0 to 15 others follow it, 256 numbers for each. */
const TABLES = makeTables();

/** Without help from Node. */
export function checksumHere(view: DataView, from: number, to: number, seed: number): number {
  return sumOf(view, from, to, seed) >>> 0;
}

/** Sixteen bytes at a time, by tables. */
function sumOf(view: DataView, from: number, to: number, seed: number): number {
  let crc = ~seed;
  let at = from;
  for (; at + WIDTH <= to; at += WIDTH) {
    const first = crc ^ view.getInt32(at, true);
    const second = view.getInt32(at + 4, true);
    const third = view.getInt32(at + 8, true);
    const fourth = view.getInt32(at + 12, true);
    crc =
      TABLES[3840 + (first & 255)]! ^
      TABLES[3584 + ((first >>> 8) & 255)]! ^
      TABLES[3328 + ((first >>> 16) & 255)]! ^
      TABLES[3072 + (first >>> 24)]! ^
      TABLES[2816 + (second & 255)]! ^
      TABLES[2560 + ((second >>> 8) & 255)]! ^
      TABLES[2304 + ((second >>> 16) & 255)]! ^
      TABLES[2048 + (second >>> 24)]! ^
      TABLES[1792 + (third & 255)]! ^
      TABLES[1536 + ((third >>> 8) & 255)]! ^
      TABLES[1280 + ((third >>> 16) & 255)]! ^
      TABLES[1024 + (third >>> 24)]! ^
      TABLES[768 + (fourth & 255)]! ^
      TABLES[512 + ((fourth >>> 8) & 255)]! ^
      TABLES[256 + ((fourth >>> 16) & 255)]! ^
      TABLES[fourth >>> 24]!;
  }
  for (; at + 4 <= to; at += 4) {
    const next = crc ^ view.getInt32(at, true);
    crc =
      TABLES[768 + (next & 255)]! ^
      TABLES[512 + ((next >>> 8) & 255)]! ^
      TABLES[256 + ((next >>> 16) & 255)]! ^
      TABLES[next >>> 24]!;
  }
  for (; at < to; at++) crc = TABLES[(crc ^ view.getUint8(at)) & 255]! ^ (crc >>> 8);
  return ~crc;
}

/** Parts of one length follow each other: what they have in common is kept. */
let joinedBytes = 0;
let joinedFactor = ONE;
/** What 1, 2, 4 and so on bytes that follow multiply a checksum with. */
const FACTORS = makeFactors();

function factorOf(bytes: number): number {
  let factor = ONE;
  for (let rest = bytes, power = 0; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) factor = product(factor, FACTORS[power]!);
  }
  return factor;
}

function product(one: number, other: number): number {
  let sum = 0;
  let shifted = other;
  for (let rest = one; rest !== 0; rest <<= 1) {
    sum ^= shifted & (rest >> 31);
    shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
  }
  return sum;
}

function makeFactors(): Int32Array {
  const factors = new Int32Array(48);
  // One byte: the eighth power.
  factors[0] = ONE >>> 8;
  for (let power = 1; power < factors.length; power++)
    factors[power] = product(factors[power - 1]!, factors[power - 1]!);
  return factors;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(WIDTH * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let table = 1; table < WIDTH; table++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[(table - 1) * 256 + byte]!;
      tables[table * 256 + byte] = (before >>> 8) ^ tables[before & 255]!;
    }
  }
  return tables;
}
