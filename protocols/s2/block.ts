/** Blocks that stand alone, without the chunks of a stream: a length, then the elements. */
import { decodeElements, measureElements } from './block-decoder.ts';
import { emitLiteral } from './emit.ts';
import { encodedBytesMax, WRITE_SLACK } from './format.ts';
import { encodeElements, type S2Level } from './levels.ts';
import { memoryOf } from './memory.ts';
import { POSITIONS_MAX } from './position-table.ts';
import { S2Error } from './problem.ts';
import { lengthBytes, readLength, writeLength } from './varint.ts';

export interface BlockOptions {
  /** `fast` unless told. */
  readonly level?: S2Level;
  /** Only what a Snappy decoder knows as well. */
  readonly isSnappy?: boolean;
}

/** Compresses all of it into one block. What does not get smaller is kept as a literal, a few bytes longer than before. */
export function encodeBlock(source: Uint8Array, options: BlockOptions = {}): Buffer {
  const bytes = asBuffer(source);
  if (bytes.length > POSITIONS_MAX)
    throw new RangeError(`a block holds up to ${POSITIONS_MAX} bytes, not ${bytes.length}`);
  const target = Buffer.allocUnsafe(encodedBytesMax(bytes.length) + WRITE_SLACK);
  const start = writeLength(target, 0, bytes.length);
  if (bytes.length === 0) return target.subarray(0, start);
  const { level = 'fast', isSnappy = false } = options;
  const limit = start + bytes.length;
  const from = memoryOf(bytes);
  const to = memoryOf(target);
  const end = encodeElements(level, from, 0, bytes.length, to, start, limit, isSnappy);
  return target.subarray(0, end < 0 ? emitLiteral(to, start, from, 0, bytes.length) : end);
}

/** What the block says it decodes to; throws an `S2Error` when it says nothing sensible. */
export function decodedLength(source: Uint8Array): number {
  const length = readLength(source, 0, source.length);
  if (length < 0) throw new S2Error('length-malformed', 0);
  return length;
}

/** Decodes a block of S2 or Snappy; throws an `S2Error`. Nothing is allocated before it is known that it is needed. */
export function decodeBlock(source: Uint8Array, bytesMax: number): Buffer {
  const bytes = asBuffer(source);
  const length = decodedLength(bytes);
  if (length > bytesMax) throw new S2Error('block-too-large', 0);
  const from = lengthBytes(bytes, 0);
  const measured = measureElements(bytes, from, bytes.length);
  if (measured >= 0 && measured !== length) {
    throw new S2Error(measured < length ? 'block-incomplete' : 'block-overflow', 0);
  }
  if (measured < 0) throw new S2Error('block-truncated', 0);
  const target = Buffer.allocUnsafe(length);
  const reason = decodeElements(memoryOf(bytes), from, bytes.length, memoryOf(target), 0, length);
  if (reason !== null) throw new S2Error(reason, 0);
  return target;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
