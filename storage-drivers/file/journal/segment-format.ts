/** The head of a segment: which one it is, where the frames before it end, and what is needed to read it. It is there twice. */
import { checksum } from '../../derived/checksum.ts';
import { getU64, putU64, viewOf } from '../numbers.ts';
import { SECTOR_BYTES } from './frame-format.ts';

export const WRAPPED_KEY_BYTES = 60;
/** The copies lie a page apart, and the frames begin a page after them. */
export const HEADER_PLACES = [0, 4096] as const;
export const FRAMES_START = 8192;
const SEGMENT_MAGIC = 0x31534e47;
const SEGMENT_VERSION = 1;
const SUM_AT = SECTOR_BYTES - 4;

export interface SegmentHeader {
  uuid: Uint8Array;
  generation: number;
  incarnation: number;
  /** Frames from this number on that stand in earlier segments were never acknowledged, and do not count. */
  firstFrame: number;
  /** The checksum of the frame before the first. */
  chain: number;
  /** Segments before this one are not needed any more. */
  oldestGeneration: number;
  bytes: number;
  /** 0 where nothing is encrypted. */
  cipher: number;
  wrappedKey: Uint8Array;
}

/** Both copies, from the start of the file to where the frames begin. */
export function segmentHead(header: SegmentHeader): Uint8Array {
  const sector = headerSector(header);
  const head = new Uint8Array(FRAMES_START);
  for (const place of HEADER_PLACES) head.set(sector, place);
  return head;
}

/** The head of a file that no segment has used yet: its generation is 0. */
export function blankSegmentHead(uuid: Uint8Array, bytes: number): Uint8Array {
  return segmentHead({
    uuid,
    generation: 0,
    incarnation: 0,
    firstFrame: 0,
    chain: 0,
    oldestGeneration: 0,
    bytes,
    cipher: 0,
    wrappedKey: new Uint8Array(WRAPPED_KEY_BYTES),
  });
}

/** The newest of the readable copies; null when there is none. */
export function readSegmentHead(head: Uint8Array): SegmentHeader | null {
  let newest: SegmentHeader | null = null;
  for (const place of HEADER_PLACES) {
    if (place + SECTOR_BYTES > head.length) continue;
    const found = readSector(head.subarray(place, place + SECTOR_BYTES));
    if (found !== null && (newest === null || found.generation > newest.generation)) newest = found;
  }
  return newest;
}

function headerSector(header: SegmentHeader): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  const view = viewOf(sector);
  view.setUint32(0, SEGMENT_MAGIC, true);
  sector[4] = SEGMENT_VERSION;
  sector[5] = header.cipher;
  putU64(view, 8, header.generation);
  sector.set(header.uuid, 16);
  putU64(view, 32, header.firstFrame);
  putU64(view, 40, header.oldestGeneration);
  putU64(view, 48, header.bytes);
  putU64(view, 56, header.incarnation);
  view.setUint32(64, header.chain, true);
  sector.set(header.wrappedKey, 68);
  view.setUint32(SUM_AT, checksum(sector, 0, SUM_AT), true);
  return sector;
}

function readSector(sector: Uint8Array): SegmentHeader | null {
  const view = viewOf(sector);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC || sector[4] !== SEGMENT_VERSION) return null;
  if (checksum(sector, 0, SUM_AT) !== view.getUint32(SUM_AT, true)) return null;
  return {
    cipher: sector[5]!,
    generation: getU64(view, 8),
    uuid: sector.slice(16, 32),
    firstFrame: getU64(view, 32),
    oldestGeneration: getU64(view, 40),
    bytes: getU64(view, 48),
    incarnation: getU64(view, 56),
    chain: view.getUint32(64, true),
    wrappedKey: sector.slice(68, 68 + WRAPPED_KEY_BYTES),
  };
}
