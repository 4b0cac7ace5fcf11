/**
 * A frame: the unit of checksum, compression and encryption. The README beside this folder shows its bytes.
 *
 * Header, list of stores, body, tag where it is encrypted, checksum; then zeros up to the next sector.
 */
import { checksum } from '../../derived/checksum.ts';
import { getU64, putU64 } from '../numbers.ts';

/** What a disk writes as a whole; a frame begins with one, so that no frame shares a torn sector with the one before. */
export const SECTOR_BYTES = 512;
export const FRAME_HEADER_BYTES = 80;
export const FRAME_TRAILER_BYTES = 4;
export const TAG_BYTES = 16;
/** Longer ones are not believed in. */
export const FRAME_BYTES_MAX = 256 * 1024 * 1024;
const FRAME_MAGIC = 0x31464e47;
const FRAME_VERSION = 1;
const CHECKED_BYTES = 76;

export const FrameKind = { records: 1, carried: 2, index: 3, outline: 4 } as const;
/** `refers`: some of its records speak of what is in other files. */
export const FrameFlag = { compressed: 1, encrypted: 2, refers: 4 } as const;

/** What all frames of a segment say alike. */
export interface FrameFamily {
  readonly uuid: Uint8Array;
  readonly generation: number;
  /** Whose all of them are, where they are all of one store: a file of another one is damage. */
  readonly store?: number;
}

export interface FrameHeader {
  kind: number;
  flags: number;
  /** All of it, without the padding. */
  length: number;
  storeCount: number;
  number: number;
  /** The newest frame that was synced when this one was built. */
  newestSynced: number;
  /** Segments before this one may be gone. */
  oldestGeneration: number;
  /** The checksum of the frame before. */
  chain: number;
  recordCount: number;
  /** How long the body is once it is decompressed. */
  plainLength: number;
}

export function headBytes(storeCount: number): number {
  return FRAME_HEADER_BYTES + 4 * storeCount;
}

export function paddedLength(length: number): number {
  return Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
}

/** Writes header and list of stores at the start of `head`; answers the header's checksum. */
export function writeFrameHead(
  head: Uint8Array,
  view: DataView,
  family: FrameFamily,
  header: FrameHeader,
  stores: Uint32Array,
): number {
  view.setUint32(0, FRAME_MAGIC, true);
  head[4] = FRAME_VERSION;
  head[5] = header.kind;
  head[6] = header.flags;
  head[7] = 0;
  view.setUint32(8, header.length, true);
  view.setUint32(12, header.storeCount, true);
  head.set(family.uuid, 16);
  putU64(view, 32, family.generation);
  putU64(view, 40, header.number);
  putU64(view, 48, header.newestSynced);
  putU64(view, 56, header.oldestGeneration);
  view.setUint32(64, header.chain, true);
  view.setUint32(68, header.recordCount, true);
  view.setUint32(72, header.plainLength, true);
  for (let index = 0; index < header.storeCount; index++) {
    view.setUint32(FRAME_HEADER_BYTES + 4 * index, stores[index]!, true);
  }
  const sum = headChecksum(head, 0, header.storeCount);
  view.setUint32(CHECKED_BYTES, sum, true);
  return sum;
}

/** Why there is no frame at a place. `blank` is what nobody ever wrote, or wrote in an earlier life of the segment. */
export type FrameFault = 'blank' | 'header' | 'body' | 'end';

/** Whether a frame of the family may begin here, by a look at a few bytes. */
export function mayBeFrame(view: DataView, at: number, family: FrameFamily): boolean {
  return (
    at + FRAME_HEADER_BYTES <= view.byteLength &&
    view.getUint32(at, true) === FRAME_MAGIC &&
    getU64(view, at + 32) === family.generation
  );
}

/** How many bytes have to be there before `readFrameHead` can say something. */
export function headBytesAt(view: DataView, at: number): number {
  const storeCount = view.getUint32(at + 12, true);
  return headBytes(Math.min(storeCount, FRAME_BYTES_MAX / 4));
}

/** The header at a place, or null where there is no whole and undamaged one of the family. */
export function readFrameHead(bytes: Uint8Array, view: DataView, at: number, family: FrameFamily): FrameHeader | null {
  if (!mayBeFrame(view, at, family) || bytes[at + 4] !== FRAME_VERSION) return null;
  const storeCount = view.getUint32(at + 12, true);
  const headLength = headBytes(storeCount);
  if (at + headLength > bytes.length) return null;
  if (headChecksum(bytes, at, storeCount) !== view.getUint32(at + CHECKED_BYTES, true)) return null;
  for (let index = 0; index < 16; index++) if (bytes[at + 16 + index] !== family.uuid[index]) return null;
  const { store } = family;
  if (store !== undefined && (storeCount !== 1 || view.getUint32(at + FRAME_HEADER_BYTES, true) !== store)) return null;
  const length = view.getUint32(at + 8, true);
  if (length < headLength + FRAME_TRAILER_BYTES || length > FRAME_BYTES_MAX) return null;
  return {
    kind: bytes[at + 5]!,
    flags: bytes[at + 6]!,
    length,
    storeCount,
    number: getU64(view, at + 40),
    newestSynced: getU64(view, at + 48),
    oldestGeneration: getU64(view, at + 56),
    chain: view.getUint32(at + 64, true),
    recordCount: view.getUint32(at + 68, true),
    plainLength: view.getUint32(at + 72, true),
  };
}

/** The checksum a frame ends with: it covers the body and, by its seed, the header and all frames before. */
export function bodyChecksum(bytes: Uint8Array, from: number, to: number, headSum: number): number {
  return checksum(bytes, from, to, headSum);
}

export function headSumAt(view: DataView, at: number): number {
  return view.getUint32(at + CHECKED_BYTES, true);
}

/** The stores a frame names. */
export function storesAt(view: DataView, at: number, storeCount: number): number[] {
  return Array.from({ length: storeCount }, (_, index) => view.getUint32(at + FRAME_HEADER_BYTES + 4 * index, true));
}

function headChecksum(bytes: Uint8Array, at: number, storeCount: number): number {
  const first = checksum(bytes, at, at + CHECKED_BYTES);
  return checksum(bytes, at + FRAME_HEADER_BYTES, at + headBytes(storeCount), first);
}
