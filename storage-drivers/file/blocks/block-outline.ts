/**
 * What can be known of a block's messages without reading them: subjects, lengths and times. It is written down behind the frames of a
 * full block, so that whoever makes an index of a store reads a few bytes per message and not all of it (D-14: without it the messages
 * themselves are read).
 *
 * Per frame: the slot of its first message, and how many there are. Per message: the number of its subject, and the text where the number
 * is new; the length of its header; its time, as far as it differs from that of the one before.
 */
import { ByteReader } from '../../derived/byte-writer.ts';
import { RecordView } from '../../derived/record-view.ts';
import { RECORD_HEADER_BYTES } from '../journal/record-format.ts';
import { readAppend } from '../op-format.ts';
import type { Block } from './block.ts';
import type { BlockFrame } from './block-frame.ts';
import { RecentTexts } from './recent-texts.ts';

const FIRST_BYTES = 4096;
/** What a message takes at most, apart from its subject. */
const ENTRY_BYTES_MAX = 48;
/** The time is not told as a step of nanoseconds, but as it is. */
const OTHER_TIME = 1;
const READ_AT_ONCE = 4096;

/** Used by all, one after the other. */
const recent = new RecentTexts();
const record = new RecordView();

export class OutlineWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private subjects = 0;
  private seconds = 0;
  private nanos = 0;

  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** The messages of a frame that is in memory, and comes after those that were added before. */
  add(block: Block, frame: BlockFrame): void {
    const { bytes, view, start, length, recordCount } = frame;
    recent.claim(this);
    this.need(ENTRY_BYTES_MAX);
    this.varint(block.slotAtStart(start));
    this.varint(recordCount);
    for (let at = 0; at < length; ) {
      const data = at + RECORD_HEADER_BYTES;
      at = data + view.getUint32(at + 4, true);
      readAppend(bytes, view, data, at, record);
      this.need(record.subjectEnd - record.subjectStart + ENTRY_BYTES_MAX);
      this.addSubject(bytes, record.subjectStart, record.subjectEnd);
      this.varint(record.bodyStart - record.headerStart);
      this.addTime(record.seconds, record.nanos);
    }
  }

  private addSubject(bytes: Uint8Array, start: number, end: number): void {
    const known = recent.find(bytes, start, end, this.bytes);
    if (known >= 0) {
      this.varint(known);
      return;
    }
    this.varint(this.subjects);
    this.varint(end - start);
    recent.note(this.subjects++, this.length, end - start);
    for (let at = start; at < end; at++) this.bytes[this.length++] = bytes[at]!;
  }

  private addTime(seconds: number, nanos: number): void {
    const isStep = seconds === this.seconds && nanos >= this.nanos;
    this.varint(isStep ? (nanos - this.nanos) * 2 : OTHER_TIME);
    if (!isStep) {
      this.view.setFloat64(this.length, seconds, true);
      this.view.setUint32(this.length + 8, nanos, true);
      this.length += 12;
    }
    this.seconds = seconds;
    this.nanos = nanos;
  }

  private varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) | 128;
    this.bytes[this.length++] = rest;
  }

  private need(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    bytes.set(this.written);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

const NOTHING = new Uint8Array(0);

export class OutlineReader {
  private readonly reader: ByteReader;
  private readonly block: Block;
  private readonly textStarts: number[] = [];
  private readonly textEnds: number[] = [];
  /** By slot: frames stand in the order in which they were written, and that is not the one of their messages. */
  private readonly subjects: Int32Array;
  private readonly headers: Uint32Array;
  private readonly times: Float64Array;
  private slot = 0;
  private left = 0;
  private seconds = 0;
  private nanos = 0;
  /** The next slot that is shown. */
  private at = 0;

  constructor(bytes: Uint8Array, block: Block) {
    this.reader = new ByteReader(bytes, true);
    this.block = block;
    this.subjects = new Int32Array(block.slots).fill(-1);
    this.headers = new Uint32Array(block.slots);
    this.times = new Float64Array(block.slots * 2);
  }

  /** Reads some of it, before anything is shown. False at the end. */
  read(): boolean {
    const { reader, subjects, headers, times } = this;
    for (let count = READ_AT_ONCE; count > 0; count--) {
      while (this.left === 0) {
        if (reader.isAtEnd || reader.isShort) return false;
        this.slot = reader.varint();
        this.left = reader.varint();
      }
      const slot = this.slot++;
      this.left--;
      const subject = this.readSubject();
      const headerLength = reader.varint();
      this.readTime();
      // What ends too soon is none of this block.
      if (reader.isShort) return false;
      // What is told of more than there is was cut off.
      if (slot >= subjects.length) continue;
      subjects[slot] = subject;
      headers[slot] = headerLength;
      times[2 * slot] = this.seconds;
      times[2 * slot + 1] = this.nanos;
    }
    return true;
  }

  /** The next message that is there. Its contents are not: there is only their length. False at the end. */
  next(into: RecordView): boolean {
    const { block, subjects } = this;
    for (;;) {
      const slot = this.at++;
      if (slot >= Math.min(block.slots, subjects.length)) return false;
      if (subjects[slot]! < 0 || !block.isThere(slot)) continue;
      this.show(slot, subjects[slot]!, into);
      return true;
    }
  }

  private show(slot: number, subject: number, into: RecordView): void {
    const { block, textStarts, textEnds } = this;
    into.seq = block.seqAt(slot);
    into.seconds = this.times[2 * slot]!;
    into.nanos = this.times[2 * slot + 1]!;
    into.flags = 0;
    into.subjectBytes = this.reader.bytes;
    into.subjectStart = textStarts[subject] ?? 0;
    into.subjectEnd = textEnds[subject] ?? 0;
    into.bytes = NOTHING;
    into.headerStart = 0;
    into.bodyStart = this.headers[slot]!;
    into.bodyEnd = block.contentLength(slot) - (into.subjectEnd - into.subjectStart);
  }

  private readSubject(): number {
    const { reader, textStarts, textEnds } = this;
    const number = reader.varint();
    if (number < textStarts.length) return number;
    const length = reader.varint();
    textStarts.push(reader.skip(length));
    textEnds.push(reader.at);
    return textStarts.length - 1;
  }

  private readTime(): void {
    const step = this.reader.varint();
    if (step !== OTHER_TIME) {
      this.nanos += step / 2;
      return;
    }
    this.seconds = this.reader.float64();
    this.nanos = this.reader.u32();
  }
}
