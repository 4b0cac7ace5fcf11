/** Bytes to the chunks of a stream. Each call ends with a complete chunk, so the other side can read all of it at once. */

import { maskedCrc32c } from './crc32c.ts';
import {
  BLOCK_BYTES_MAX,
  CHECKSUM_BYTES,
  CHUNK_HEADER_BYTES,
  ChunkType,
  LENGTH_BYTES_MAX,
  S2_IDENTIFIER,
  SNAPPY_BLOCK_BYTES_MAX,
  SNAPPY_IDENTIFIER,
  WRITE_SLACK,
} from './format.ts';
import { encodeElements, type S2Level } from './levels.ts';
import { type Memory, memoryOf } from './memory.ts';
import { writeLength } from './varint.ts';

export interface StreamEncoderOptions {
  /** `fast` unless told. */
  readonly level?: S2Level;
  /** What one chunk holds at most, 64 KiB unless told. Larger blocks get smaller and are slower to begin with. */
  readonly blockBytes?: number;
  /** For readers of Snappy: its identifier, its elements, blocks of up to 64 KiB. */
  readonly isSnappy?: boolean;
}

const BLOCK_BYTES_DEFAULT = 64 * 1024;
const BLOCK_BYTES_LEAST = 4 * 1024;
const BEFORE_BLOCK = CHUNK_HEADER_BYTES + CHECKSUM_BYTES;
/** What must be saved for a chunk to be compressed, as a shift of its length: less is not worth the other side's time. */
const SAVED_SHIFT = 5;

export class StreamEncoder {
  readonly blockBytes: number;
  private readonly isSnappy: boolean;
  private level: S2Level;
  private owesIdentifier = true;

  constructor(options: StreamEncoderOptions = {}) {
    const { level = 'fast', blockBytes = BLOCK_BYTES_DEFAULT, isSnappy = false } = options;
    const most = isSnappy ? SNAPPY_BLOCK_BYTES_MAX : BLOCK_BYTES_MAX;
    if (!(blockBytes >= BLOCK_BYTES_LEAST && blockBytes <= most)) {
      throw new RangeError(`a block holds from ${BLOCK_BYTES_LEAST} to ${most} bytes, not ${blockBytes}`);
    }
    this.level = level;
    this.blockBytes = blockBytes;
    this.isSnappy = isSnappy;
  }

  /** The next bytes begin a stream of their own, at that level. A reader takes that at any chunk. */
  restart(level: S2Level = this.level): void {
    this.level = level;
    this.owesIdentifier = true;
  }

  /** What `encodeInto` may need for so many bytes. */
  bytesMax(length: number): number {
    const blocks = Math.ceil(length / this.blockBytes);
    return S2_IDENTIFIER.length + length + blocks * (BEFORE_BLOCK + LENGTH_BYTES_MAX) + WRITE_SLACK;
  }

  /** [start, end) of the source as chunks in memory of their own. Nothing becomes nothing. */
  encode(source: Buffer, start = 0, end = source.length): Buffer {
    if (start >= end) return EMPTY;
    const target = Buffer.allocUnsafe(this.bytesMax(end - start));
    const length = this.encodeInto(source, start, end, target, 0);
    // Do not keep ten bytes for each that is used.
    return length < target.length >>> 1 ? Buffer.from(target.subarray(0, length)) : target.subarray(0, length);
  }

  /** The same into memory that has `bytesMax` from `at` on. Answers where the chunks end. */
  encodeInto(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
    let next = at;
    if (start < end && this.owesIdentifier) {
      this.owesIdentifier = false;
      next += (this.isSnappy ? SNAPPY_IDENTIFIER : S2_IDENTIFIER).copy(target, next);
    }
    const from = memoryOf(source);
    const to = memoryOf(target);
    for (let block = start; block < end; block += this.blockBytes) {
      next = this.encodeChunk(from, block, Math.min(block + this.blockBytes, end), to, next);
    }
    return next;
  }

  private encodeChunk(source: Memory, start: number, end: number, target: Memory, at: number): number {
    const length = end - start;
    const checksum = maskedCrc32c(source.view, start, end);
    const block = writeLength(target.bytes, at + BEFORE_BLOCK, length);
    const limit = block + length - (length >>> SAVED_SHIFT) - (block - at - BEFORE_BLOCK) - 1;
    let next = encodeElements(this.level, source, start, end, target, block, limit, this.isSnappy);
    const type = next < 0 ? ChunkType.uncompressed : ChunkType.compressed;
    if (next < 0) next = at + BEFORE_BLOCK + source.bytes.copy(target.bytes, at + BEFORE_BLOCK, start, end);
    target.view.setUint32(at, (next - at - CHUNK_HEADER_BYTES) * 256 + type, true);
    target.view.setInt32(at + CHUNK_HEADER_BYTES, checksum, true);
    return next;
  }
}

const EMPTY = Buffer.alloc(0);
