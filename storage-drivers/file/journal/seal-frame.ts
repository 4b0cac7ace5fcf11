/** Closes a frame: compresses and encrypts its body where wanted, and puts head and checksum around it. */

import { checksum, joinChecksums } from '../../derived/checksum.ts';
import type { FrameCipher } from '../frame-cipher.ts';
import { viewOf } from '../numbers.ts';
import {
  bodyChecksum,
  FRAME_TRAILER_BYTES,
  type FrameFamily,
  FrameFlag,
  headBytes,
  paddedLength,
  TAG_BYTES,
  writeFrameHead,
} from './frame-format.ts';
import { RECORD_HEADER_BYTES } from './record-format.ts';

/** Blocks of bytes made smaller; `protocols/s2` has one. */
export interface Compression {
  compress(bytes: Uint8Array): Uint8Array;
  /** Throws on anything that is not a compressed block of exactly so many bytes. */
  decompress(bytes: Uint8Array, length: number): Uint8Array;
}

/** What is closed: records one after the other, with room behind them, and whose they are. */
export interface FrameBody {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;
  readonly recordCount: number;
  readonly storeCount: number;
  readonly storeIds: Uint32Array;
  /** Some of its records speak of what is in other files. */
  readonly refers?: boolean;
  /** Where the head goes. */
  readonly head: Uint8Array;
  readonly headView: DataView;
}

export interface FramePlace {
  number: number;
  newestSynced: number;
  oldestGeneration: number;
  chain: number;
}

export interface SealedFrame {
  /** As many bytes as the frame takes in its file, padding included. */
  readonly length: number;
  readonly checksum: number;
}

/** From this mean size on, checksums of records are joined. */
const LARGE_RECORD_BYTES = 2048;
/** Compression that saves less is not worth undoing. */
const SAVES_AT_LEAST = 0.1;

/** Appends what has to be written to `pieces`. */
export function sealFrame(
  frame: FrameBody,
  kind: number,
  family: FrameFamily,
  place: FramePlace,
  cipher: FrameCipher | null,
  compression: Compression | null,
  pieces: Uint8Array[],
): SealedFrame {
  const stored = storedBody(frame, compression);
  const headLength = headBytes(frame.storeCount);
  const tagLength = cipher === null ? 0 : TAG_BYTES;
  const length = headLength + stored.length + tagLength + FRAME_TRAILER_BYTES;
  const flags =
    (stored.isCompressed ? FrameFlag.compressed : 0) |
    (cipher === null ? 0 : FrameFlag.encrypted) |
    (frame.refers === true ? FrameFlag.refers : 0);
  const header = {
    kind,
    flags,
    length,
    storeCount: frame.storeCount,
    ...place,
    recordCount: frame.recordCount,
    plainLength: frame.length,
  };
  const headSum = writeFrameHead(frame.head, frame.headView, family, header, frame.storeIds);
  const head = frame.head.subarray(0, headLength);
  const body = cipher === null ? stored : encrypted(stored, cipher, head, place.number);
  const end = stored.length + tagLength;
  const sum = body.bytes === frame.bytes ? plainChecksum(frame, headSum) : bodyChecksum(body.bytes, 0, end, headSum);
  body.view.setUint32(end, sum, true);
  const padded = paddedLength(length);
  body.bytes.fill(0, end + FRAME_TRAILER_BYTES, padded - headLength);
  pieces.push(head, body.bytes.subarray(0, padded - headLength));
  return { length: padded, checksum: sum };
}

/** The records have their checksums: large ones are not read once more for that of the frame. */
function plainChecksum({ bytes, view, length, recordCount }: FrameBody, headSum: number): number {
  if (length < recordCount * LARGE_RECORD_BYTES) return bodyChecksum(bytes, 0, length, headSum);
  let sum = headSum;
  for (let at = 0; at < length; ) {
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
    sum = checksum(bytes, at, at + 4, sum, view);
    sum = joinChecksums(sum, view.getUint32(at, true), end - at - 4);
    at = end;
  }
  return sum;
}

interface StoredBody {
  bytes: Uint8Array;
  view: DataView;
  length: number;
  isCompressed: boolean;
}

const ROOM_BEHIND = TAG_BYTES + FRAME_TRAILER_BYTES + 512;

function storedBody(frame: FrameBody, compression: Compression | null): StoredBody {
  const { bytes, view, length } = frame;
  const plain = { bytes, view, length, isCompressed: false };
  if (compression === null) return plain;
  const small = compression.compress(bytes.subarray(0, length));
  if (small.length > length * (1 - SAVES_AT_LEAST)) return plain;
  return { ...withRoom(small), isCompressed: true };
}

function encrypted(body: StoredBody, cipher: FrameCipher, head: Uint8Array, number: number): StoredBody {
  const sealed = cipher.seal(body.bytes.subarray(0, body.length), head, number);
  return { ...withRoom(sealed), isCompressed: body.isCompressed };
}

function withRoom(bytes: Uint8Array) {
  const roomy = new Uint8Array(bytes.length + ROOM_BEHIND);
  roomy.set(bytes);
  return { bytes: roomy, view: viewOf(roomy), length: bytes.length };
}
