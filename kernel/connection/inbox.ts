/**
 * Keeps what a read left unfinished, and puts it in front of the next.
 *
 * A frame that fits the arena's headroom waits in a small copy. A larger one, once its control line has told its
 * length, is gathered in memory of exactly that size.
 */
import { type Arena, HEADROOM, READ_SIZE } from './arena.ts';

/** Whoever makes sense of the bytes. */
export interface FrameReader {
  /** Handles the complete frames in [start, end); answers the position of the first byte not used. */
  parse(bytes: Buffer, start: number, end: number): number;
  /** The length of the incomplete frame the last `parse` stopped at, if its beginning told; otherwise 0. */
  readonly neededBytes: number;
}

const NOTHING: Buffer = Buffer.alloc(0);
/** What a large frame leaves, if it is no more than this, is for the next of any connection. */
const SPARE_MAX = 2e6;
let spare = NOTHING;

export class Inbox {
  private rest: Buffer = NOTHING;
  private restLength = 0;
  /** A large frame being gathered. */
  private large: Buffer | null = null;
  private largeLength = 0;

  /** Bytes held for a frame that is not complete. */
  get heldBytes(): number {
    return this.large === null ? this.restLength : this.large.length;
  }

  get isEmpty(): boolean {
    return this.restLength === 0 && this.large === null;
  }

  /** `length` bytes lie at the start of the arena's read region. */
  acceptRead(arena: Arena, length: number, reader: FrameReader): void {
    this.acceptRange(arena, arena.readStart, arena.readStart + length, reader);
  }

  /** The bytes lie in [from, end) of the arena; what is in front of them, up to the headroom, may be written over. */
  acceptRange(arena: Arena, from: number, end: number, reader: FrameReader): void {
    let start = from;
    if (this.large !== null) {
      start += this.gather(arena.bytes, start, end);
      if (this.largeLength < this.large.length) return;
      const { large } = this;
      this.large = null;
      this.consumeRange(large, 0, large.length, reader);
      if (large.length < SPARE_MAX) spare = Buffer.from(large.buffer);
    }
    const held = this.restLength;
    if (held > HEADROOM) {
      this.acceptJoined(arena, start, end, reader);
      return;
    }
    if (held > 0) this.rest.copy(arena.bytes, start - held, 0, held);
    this.restLength = 0;
    this.consumeRange(arena.bytes, start - held, end, reader);
  }

  /** Bytes in memory of their own: they pass through the arena, a read's worth at a time. */
  acceptBytes(arena: Arena, bytes: Uint8Array, reader: FrameReader): void {
    for (let from = 0; from < bytes.length; from += READ_SIZE) {
      const part = bytes.subarray(from, from + READ_SIZE);
      arena.readBuffer.set(part);
      this.acceptRead(arena, part.length, reader);
    }
  }

  /** Bytes that were unpacked pass through a region of their own, since what they were unpacked from may still be needed. */
  acceptUnpacked(arena: Arena, bytes: Buffer, start: number, end: number, reader: FrameReader): void {
    for (let from = start; from < end; from += READ_SIZE) {
      const to = Math.min(from + READ_SIZE, end);
      bytes.copy(arena.bytes, arena.unpackedStart, from, to);
      this.acceptRange(arena, arena.unpackedStart, arena.unpackedStart + to - from, reader);
    }
  }

  /** Parses again what was left when parsing was halted. */
  retry(arena: Arena, reader: FrameReader): void {
    this.acceptRead(arena, 0, reader);
  }

  /** Gives the memory back. */
  clear(): void {
    this.rest = NOTHING;
    this.restLength = 0;
  }

  private gather(bytes: Buffer, start: number, end: number): number {
    const large = this.large as Buffer;
    const count = Math.min(end - start, large.length - this.largeLength);
    bytes.copy(large, this.largeLength, start, start + count);
    this.largeLength += count;
    return count;
  }

  /** More was left, by a parser that was halted, than the headroom holds. */
  private acceptJoined(arena: Arena, start: number, end: number, reader: FrameReader): void {
    const joined = Buffer.concat([this.rest.subarray(0, this.restLength), arena.bytes.subarray(start, end)]);
    this.clear();
    this.consumeRange(joined, 0, joined.length, reader);
  }

  private consumeRange(bytes: Buffer, start: number, end: number, reader: FrameReader): void {
    if (start === end) return;
    const used = reader.parse(bytes, start, end);
    if (used === end) return;
    const needed = reader.neededBytes;
    if (needed > HEADROOM) {
      this.large = spare.length < needed ? Buffer.allocUnsafeSlow(needed) : spare.subarray(0, needed);
      spare = NOTHING;
      this.largeLength = bytes.copy(this.large, 0, used, end);
    } else this.keep(bytes, used, end);
  }

  private keep(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.rest.length < length) this.rest = Buffer.allocUnsafeSlow(roomFor(length));
    bytes.copy(this.rest, 0, start, end);
    this.restLength = length;
  }
}

/** Few sizes, so that a busy connection soon has memory that serves it for good. */
function roomFor(length: number): number {
  if (length <= 1024) return 1024;
  return length <= 8192 ? 8192 : Math.max(length, HEADROOM);
}
