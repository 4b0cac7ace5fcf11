/**
 * The chunks of a stream to the bytes they hold, whatever the pieces they arrive in. S2 and Snappy alike, streams one behind
 * the other, with what may be skipped in between.
 *
 * A chunk that lies in the piece as a whole is decoded from there; one that does not is gathered first, in memory that grows
 * with what has arrived and not with what was announced.
 */
import { decodeElements, measureElements } from './block-decoder.ts';
import { maskedCrc32c } from './crc32c.ts';
import {
  BLOCK_BYTES_MAX,
  CHECKSUM_BYTES,
  CHUNK_HEADER_BYTES,
  ChunkType,
  encodedBytesMax,
  IDENTIFIER_BODY_BYTES,
  S2_IDENTIFIER,
  SNAPPY_BLOCK_BYTES_MAX,
  SNAPPY_IDENTIFIER,
} from './format.ts';
import { type Memory, memoryOf } from './memory.ts';
import type { S2Reason } from './problem.ts';
import { lengthBytes, readLength } from './varint.ts';

/** Why reading stopped. */
export const StreamEvent = { needsMore: 0, data: 1, problem: 2 } as const;
export type StreamEvent = (typeof StreamEvent)[keyof typeof StreamEvent];

export interface StreamDecoderOptions {
  /** What one chunk may decode to: 4 MiB unless told, which is what writers keep to. */
  readonly blockBytesMax?: number;
  /** What all chunks together may decode to: no limit unless told. */
  readonly outputBytesMax?: number;
}

const GATHER_BYTES_LEAST = 512;

export class StreamDecoder {
  /** The first byte of the piece that was not read yet. */
  at = 0;
  /** What was decoded, until the next call: [start, end) of `output`. */
  output: Buffer = EMPTY.bytes;
  start = 0;
  end = 0;
  /** What is wrong, and how many bytes of the stream came before the chunk it is in. Nothing is read any more after that. */
  problem: S2Reason | null = null;
  offset = 0;
  private readonly blockBytesMax: number;
  private readonly chunkBytesMax: number;
  private outputBytesLeft: number;
  private hasIdentifier = false;
  private isSnappy = false;
  /** What is left of a chunk that is skipped. */
  private skipping = 0;
  private piece: Memory = EMPTY;
  private decoded: Memory = EMPTY;
  /** The beginning of a chunk that came in several pieces. */
  private gathered: Memory = EMPTY;
  private gatheredBytes = 0;

  constructor(options: StreamDecoderOptions = {}) {
    this.blockBytesMax = options.blockBytesMax ?? BLOCK_BYTES_MAX;
    this.outputBytesLeft = options.outputBytesMax ?? Number.POSITIVE_INFINITY;
    this.chunkBytesMax = CHECKSUM_BYTES + encodedBytesMax(this.blockBytesMax) + this.blockBytesMax / 6;
  }

  /** Reads [from, end) of the piece until a chunk with bytes in it has been decoded. Go on at `at` while there is data. */
  read(piece: Buffer, from: number, end: number): StreamEvent {
    this.at = from;
    if (this.problem !== null) return StreamEvent.problem;
    if (this.piece.bytes !== piece) this.piece = memoryOf(piece);
    for (;;) {
      if (this.skipping > 0) this.skip(end);
      const event = this.gatheredBytes > 0 ? this.readGathered(end) : this.readWhole(end);
      if (event !== null) return event;
    }
  }

  /** Whether the stream may end here: not within a chunk. */
  isBetweenChunks(): boolean {
    return this.gatheredBytes === 0 && this.skipping === 0;
  }

  /** Gives back memory that is not needed between two pieces. What was decoded last is gone. */
  rest(): void {
    this.piece = EMPTY;
    this.decoded = EMPTY;
    if (this.gatheredBytes === 0) this.gathered = EMPTY;
    this.output = EMPTY.bytes;
    this.start = 0;
    this.end = 0;
  }

  private skip(end: number): void {
    const count = Math.min(this.skipping, end - this.at);
    this.at += count;
    this.skipping -= count;
    this.offset += count;
  }

  /** Null: a chunk that has nothing to show was read. */
  private readWhole(end: number): StreamEvent | null {
    const from = this.at;
    if (from + CHUNK_HEADER_BYTES > end) return this.gather(end);
    const type = this.piece.bytes[from] as number;
    const length = bodyLength(this.piece.bytes, from);
    if (!this.admits(type, length)) return StreamEvent.problem;
    if (isSkippable(type)) {
      this.at += CHUNK_HEADER_BYTES;
      this.offset += CHUNK_HEADER_BYTES;
      this.skipping = length;
      return null;
    }
    const body = from + CHUNK_HEADER_BYTES;
    if (body + length > end) return this.gather(end);
    this.at = body + length;
    return this.readBody(this.piece, type, body, this.at);
  }

  private gather(end: number): StreamEvent {
    this.take(end, end - this.at);
    return StreamEvent.needsMore;
  }

  private readGathered(end: number): StreamEvent | null {
    if (!this.take(end, CHUNK_HEADER_BYTES - this.gatheredBytes)) return StreamEvent.needsMore;
    const type = this.gathered.bytes[0] as number;
    const length = bodyLength(this.gathered.bytes, 0);
    if (!this.admits(type, length)) return StreamEvent.problem;
    if (isSkippable(type)) {
      this.gatheredBytes = 0;
      this.offset += CHUNK_HEADER_BYTES;
      this.skipping = length;
      return null;
    }
    const whole = CHUNK_HEADER_BYTES + length;
    if (!this.take(end, whole - this.gatheredBytes)) return StreamEvent.needsMore;
    this.gatheredBytes = 0;
    return this.readBody(this.gathered, type, CHUNK_HEADER_BYTES, whole);
  }

  /** Brings up to `count` bytes of the piece together with those before. False: there were not so many. */
  private take(end: number, count: number): boolean {
    if (count <= 0) return true;
    const taken = Math.min(count, end - this.at);
    const needed = this.gatheredBytes + taken;
    if (this.gathered.bytes.length < needed) {
      const larger = Buffer.allocUnsafe(Math.max(GATHER_BYTES_LEAST, needed + (needed >>> 1)));
      this.gathered.bytes.copy(larger, 0, 0, this.gatheredBytes);
      this.gathered = memoryOf(larger);
    }
    this.piece.bytes.copy(this.gathered.bytes, this.gatheredBytes, this.at, this.at + taken);
    this.gatheredBytes += taken;
    this.at += taken;
    return taken === count;
  }

  private admits(type: number, length: number): boolean {
    const problem = this.objection(type, length);
    if (problem === null) return true;
    this.problem = problem;
    return false;
  }

  private objection(type: number, length: number): S2Reason | null {
    if (type === ChunkType.identifier) return length === IDENTIFIER_BODY_BYTES ? null : 'identifier-malformed';
    if (!this.hasIdentifier) return 'identifier-missing';
    if (isSkippable(type)) return null;
    if (type >= ChunkType.unsupportedFirst) return 'chunk-unsupported';
    if (length < CHECKSUM_BYTES) return 'chunk-too-short';
    if (type === ChunkType.uncompressed) return this.refuses(length - CHECKSUM_BYTES);
    return length > this.chunkBytesMax ? 'chunk-too-long' : null;
  }

  private refuses(length: number): S2Reason | null {
    if (length > this.blockBytesMax || (this.isSnappy && length > SNAPPY_BLOCK_BYTES_MAX)) return 'block-too-large';
    return length > this.outputBytesLeft ? 'output-too-large' : null;
  }

  private readBody(memory: Memory, type: number, start: number, end: number): StreamEvent | null {
    let problem: S2Reason | null;
    this.start = 0;
    this.end = 0;
    if (type === ChunkType.identifier) problem = this.identify(memory.bytes, start);
    else if (type === ChunkType.compressed) problem = this.decode(memory, start, end);
    else problem = this.show(memory, start + CHECKSUM_BYTES, end, memory.view.getInt32(start, true));
    this.problem = problem;
    if (problem !== null) return StreamEvent.problem;
    this.offset += CHUNK_HEADER_BYTES + end - start;
    return this.end > this.start ? StreamEvent.data : null;
  }

  private identify(bytes: Buffer, start: number): S2Reason | null {
    const end = start + IDENTIFIER_BODY_BYTES;
    this.isSnappy = bytes.compare(SNAPPY_IDENTIFIER, CHUNK_HEADER_BYTES, undefined, start, end) === 0;
    this.hasIdentifier = this.isSnappy || bytes.compare(S2_IDENTIFIER, CHUNK_HEADER_BYTES, undefined, start, end) === 0;
    return this.hasIdentifier ? null : 'identifier-malformed';
  }

  private decode(memory: Memory, start: number, end: number): S2Reason | null {
    const from = start + CHECKSUM_BYTES;
    const length = readLength(memory.bytes, from, end);
    if (length < 0) return 'length-malformed';
    const refused = this.refuses(length);
    if (refused !== null) return refused;
    const elements = from + lengthBytes(memory.bytes, from);
    if (this.decoded.bytes.length < length) {
      // A length is only a claim: see first whether the elements are worth the memory.
      const measured = measureElements(memory.bytes, elements, end);
      if (measured < 0) return 'block-truncated';
      if (measured !== length) return measured < length ? 'block-incomplete' : 'block-overflow';
      this.decoded = memoryOf(Buffer.allocUnsafe(length));
    }
    const reason = decodeElements(memory, elements, end, this.decoded, 0, length);
    return reason ?? this.show(this.decoded, 0, length, memory.view.getInt32(start, true));
  }

  private show(memory: Memory, start: number, end: number, checksum: number): S2Reason | null {
    if (maskedCrc32c(memory.view, start, end) !== checksum) return 'checksum-mismatch';
    this.output = memory.bytes;
    this.start = start;
    this.end = end;
    this.outputBytesLeft -= end - start;
    return null;
  }
}

function bodyLength(bytes: Buffer, at: number): number {
  return (bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8) | ((bytes[at + 3] as number) << 16);
}

function isSkippable(type: number): boolean {
  return type >= ChunkType.skippableFirst && type !== ChunkType.identifier;
}

const EMPTY: Memory = memoryOf(Buffer.alloc(0));
