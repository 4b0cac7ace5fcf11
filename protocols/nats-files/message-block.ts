/**
 * A block of messages, as nats-server keeps them: one record behind the other, each with a checksum. A record is a message, says that a
 * sequence has none, or says that the message of a sequence (in this block or an earlier one) was removed.
 *
 *     0  length of all, 4 bytes; the top bit says that there is a header
 *     4  sequence, 8 bytes; bit 63: there is no message; bit 62: the message was removed
 *    12  when it was stored, nanoseconds since 1970, 8 bytes
 *    20  length of the subject, 2 bytes
 *    22  subject; where there is a header: its length, 4 bytes, and the header; payload
 *        checksum, 8 bytes, of sequence, time, subject, header and payload
 */
import { Buffer } from 'node:buffer';
import type { HighwayHash } from './highway-hash.ts';

export const RecordKind = { message: 0, spent: 1, removed: 2 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const FIXED_BYTES = 22;
const HEADER_LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 8;
const RECORD_BYTES_MIN = FIXED_BYTES + CHECKSUM_BYTES;
const HAS_HEADER = 0x80000000;
const IS_SPENT = 0x80000000;
const IS_REMOVED = 0x40000000;
const SEQUENCE_HIGH_MAX = 2 ** 21;
const HALF = 2 ** 32;
const BILLION = 1_000_000_000n;
const SECONDS_MAX = 2n ** 33n;
/** What is hashed at most to find where a damaged block goes on, in lengths of the block. */
const SEARCH_LENGTHS = 4;

/** Bytes that are no records. */
export interface BlockDamage {
  readonly from: number;
  readonly to: number;
}

export class BlockReader {
  /** What `next` found: a range of `bytes`. */
  kind: RecordKind = RecordKind.message;
  sequence = 0;
  seconds = 0;
  nanos = 0;
  subjectStart = 0;
  subjectEnd = 0;
  headerStart = 0;
  bodyStart = 0;
  bodyEnd = 0;
  /** What was passed over, in order. */
  readonly damage: BlockDamage[] = [];
  /** How many records were held against their checksum. */
  verified = 0;
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly hash: HighwayHash;
  private readonly every: number;
  private readonly scratch = new Scratch();
  private records = 0;
  private at = 0;
  private hashesLeft: number;

  /** `every`: each record is held against its checksum, or one of so many. */
  constructor(bytes: Uint8Array, hash: HighwayHash, every = 1) {
    this.bytes = bytes;
    this.hash = hash;
    this.every = every;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.hashesLeft = SEARCH_LENGTHS * bytes.length + 4096;
  }

  /** False at the end. What is damaged is passed over, and stands in `damage`. */
  next(): boolean {
    if (this.at >= this.bytes.length) return false;
    const end = this.parse(this.at);
    const mustVerify = this.records % this.every === 0 || end === this.bytes.length;
    if (end > 0 && (!mustVerify || this.isWhole(this.at, end))) {
      this.records++;
      this.at = end;
      return true;
    }
    return this.findNext();
  }

  /** Where the record at a place ends; 0 where there can be none. */
  private parse(at: number): number {
    const { view, bytes } = this;
    if (at + RECORD_BYTES_MIN > bytes.length) return 0;
    const word = view.getUint32(at, true);
    const hasHeader = word >= HAS_HEADER;
    const length = hasHeader ? word - HAS_HEADER : word;
    const end = at + length;
    if (length < RECORD_BYTES_MIN || end > bytes.length) return 0;
    const subjectStart = at + FIXED_BYTES;
    const subjectEnd = subjectStart + view.getUint16(at + 20, true);
    const bodyEnd = end - CHECKSUM_BYTES;
    if (subjectEnd + (hasHeader ? HEADER_LENGTH_BYTES : 0) > bodyEnd) return 0;
    const headerStart = hasHeader ? subjectEnd + HEADER_LENGTH_BYTES : subjectEnd;
    const bodyStart = headerStart + (hasHeader ? view.getUint32(subjectEnd, true) : 0);
    if (bodyStart > bodyEnd || !this.parseNumbers(at)) return 0;
    this.subjectStart = subjectStart;
    this.subjectEnd = subjectEnd;
    this.headerStart = headerStart;
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyEnd;
    return end;
  }

  private parseNumbers(at: number): boolean {
    const { view } = this;
    const word = view.getUint32(at + 8, true);
    const high = word & ~(IS_SPENT | IS_REMOVED);
    const time = view.getBigInt64(at + 12, true);
    if (high >= SEQUENCE_HIGH_MAX || time < 0n || time / BILLION >= SECONDS_MAX) return false;
    this.kind =
      (word & IS_REMOVED) !== 0 ? RecordKind.removed : (word & IS_SPENT) !== 0 ? RecordKind.spent : RecordKind.message;
    this.sequence = high * HALF + view.getUint32(at + 4, true);
    this.seconds = Number(time / BILLION);
    this.nanos = Number(time % BILLION);
    // A removed message is still a record of a subject; one that never was has none.
    return this.kind !== RecordKind.message || (this.sequence > 0 && view.getUint16(at + 20, true) > 0);
  }

  private isWhole(at: number, end: number): boolean {
    const { hash, scratch } = this;
    this.verified++;
    const length = scratch.gather(this.bytes, at, this.subjectEnd, this.headerStart, end - CHECKSUM_BYTES);
    hash.digest(scratch.bytes, 0, length);
    return hash.isAt(this.bytes, end - CHECKSUM_BYTES);
  }

  /** From the next place on where a whole record stands. */
  private findNext(): boolean {
    const from = this.at;
    for (let at = from + 1; at + RECORD_BYTES_MIN <= this.bytes.length; at++) {
      const end = this.parse(at);
      if (end === 0) continue;
      this.hashesLeft -= end - at;
      if (this.hashesLeft < 0) break;
      if (!this.isWhole(at, end)) continue;
      this.damage.push({ from, to: at });
      this.records++;
      this.at = end;
      return true;
    }
    this.damage.push({ from, to: this.bytes.length });
    this.at = this.bytes.length;
    return false;
  }
}

/** The parts of a record that its checksum is of, one behind the other. */
class Scratch {
  bytes = new Uint8Array(4096);

  /** From the sequence to the end of the time, the subject, and what lies from the header on. */
  gather(source: Uint8Array, at: number, subjectEnd: number, rest: number, end: number): number {
    const length = 16 + (subjectEnd - at - FIXED_BYTES) + (end - rest);
    if (this.bytes.length < length) this.bytes = new Uint8Array(2 * length);
    const { bytes } = this;
    let to = copy(source, at + 4, at + 20, bytes, 0);
    to = copy(source, at + FIXED_BYTES, subjectEnd, bytes, to);
    return copy(source, rest, end, bytes, to);
  }
}

/** Below that, a loop is faster than a call of the engine's. */
const NATIVE_FROM = 64;

function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  if (end - start >= NATIVE_FROM) target.set(source.subarray(start, end), at);
  else for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!;
  return at + end - start;
}

export interface BlockMessage {
  readonly sequence: number;
  readonly time: bigint;
  readonly subject: Uint8Array;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

export function encodeMessage(hash: HighwayHash, message: BlockMessage): Buffer {
  return encodeRecord(hash, message, 0);
}

/** The sequence is given out and has no message. */
export function encodeSpent(hash: HighwayHash, sequence: number, time: bigint): Buffer {
  return encodeRecord(hash, { sequence, time, subject: NO_BYTES, header: NO_BYTES, body: NO_BYTES }, IS_SPENT);
}

function encodeRecord(hash: HighwayHash, message: BlockMessage, mark: number): Buffer {
  const { sequence, time, subject, header, body } = message;
  const hasHeader = header.length > 0;
  const bodyStart = FIXED_BYTES + subject.length + (hasHeader ? HEADER_LENGTH_BYTES + header.length : 0);
  const length = bodyStart + body.length + CHECKSUM_BYTES;
  const record = Buffer.allocUnsafe(length);
  record.writeUInt32LE(hasHeader ? length + HAS_HEADER : length, 0);
  record.writeUInt32LE(sequence % HALF, 4);
  record.writeUInt32LE(Math.floor(sequence / HALF) + mark, 8);
  record.writeBigInt64LE(time, 12);
  record.writeUInt16LE(subject.length, 20);
  record.set(subject, FIXED_BYTES);
  if (hasHeader) {
    record.writeUInt32LE(header.length, FIXED_BYTES + subject.length);
    record.set(header, bodyStart - header.length);
  }
  record.set(body, bodyStart);
  const summed = Buffer.concat([record.subarray(4, 20), subject, header, body]);
  hash.digest(summed, 0, summed.length);
  hash.writeTo(record, length - CHECKSUM_BYTES);
  return record;
}
