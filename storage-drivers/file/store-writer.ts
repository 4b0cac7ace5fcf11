/** Puts the operations of one store into the journal, each with its number. */

import type { MessageBytes } from '../contract.ts';
import { Refused } from '../contract.ts';
import { Copier } from '../derived/copy-bytes.ts';
import type { CellChange } from './file-cells.ts';
import type { Journal } from './journal/journal.ts';
import type { JournalStore } from './journal/journal-store.ts';
import { RECORD_HEADER_BYTES, writeRecordHeader } from './journal/record-format.ts';
import { putU64 } from './numbers.ts';
import { APPEND_HEADER_BYTES, OP_HEADER_BYTES, Op, PLACED_BYTES, writeAppendHeader } from './op-format.ts';

export class StoreWriter {
  /** The number of the newest operation. */
  serial = 0;
  /** Where the data of the last append went. */
  placedAt = 0;
  readonly journal: Journal;
  readonly store: JournalStore;
  private readonly copier = new Copier();

  constructor(journal: Journal, store: JournalStore) {
    this.journal = journal;
    this.store = store;
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number {
    const { journal, copier } = this;
    const subjectLength = message.subjectEnd - message.subjectStart;
    const length = APPEND_HEADER_BYTES + subjectLength + message.bodyEnd - message.headerStart;
    const at = journal.begin(this.store, Op.append, length);
    if (at < 0) return this.refused();
    const { bytes, view } = journal;
    const headerLength = message.bodyStart - message.headerStart;
    writeAppendHeader(view, at, this.serial + 1, seq, seconds, nanos, flags, subjectLength, headerLength);
    const to = at + APPEND_HEADER_BYTES;
    copier.copy(message.subjectBytes, message.subjectStart, message.subjectEnd, bytes, view, to);
    copier.copy(message.bytes, message.headerStart, message.bodyEnd, bytes, view, to + subjectLength);
    this.placedAt = at;
    this.serial++;
    return journal.end();
  }

  /** Room for a word about a message that goes to a block; below 0 where it is refused. `endPlaced` follows at once. */
  beginPlaced(): number {
    const at = this.journal.begin(this.store, Op.placed, PLACED_BYTES);
    return at < 0 ? this.refused() : at;
  }

  /** Of `size` bytes, all included. */
  endPlaced(at: number, seq: number, block: number, size: number): number {
    const { view } = this.journal;
    view.setUint32(at, ++this.serial >>> 0, true);
    putU64(view, at + 4, seq);
    view.setUint32(at + 12, block, true);
    view.setUint32(at + 16, size, true);
    return this.journal.end();
  }

  /** The message itself, where it is going to be written from. */
  fill(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    seq: number,
    seconds: number,
    nanos: number,
    flags: number,
    message: MessageBytes,
  ): void {
    const { copier } = this;
    const data = at + RECORD_HEADER_BYTES;
    const to = data + APPEND_HEADER_BYTES;
    const subjectLength = message.subjectEnd - message.subjectStart;
    const headerLength = message.bodyStart - message.headerStart;
    writeAppendHeader(view, data, this.serial, seq, seconds, nanos, flags, subjectLength, headerLength);
    copier.copy(message.subjectBytes, message.subjectStart, message.subjectEnd, bytes, view, to);
    copier.copy(message.bytes, message.headerStart, message.bodyEnd, bytes, view, to + subjectLength);
    const length = APPEND_HEADER_BYTES + subjectLength + message.bodyEnd - message.headerStart;
    writeRecordHeader(bytes, view, at, length, this.store.id, Op.append);
  }

  /** An operation of up to two numbers. */
  numbers(type: number, one: number, other: number): number {
    const at = this.journal.begin(this.store, type, OP_HEADER_BYTES + 16);
    if (at < 0) return this.refused();
    const { view } = this.journal;
    view.setUint32(at, (this.serial + 1) >>> 0, true);
    putU64(view, at + 4, one);
    putU64(view, at + 12, other);
    this.serial++;
    return this.journal.end();
  }

  cell({ name, value, isMore }: CellChange): number {
    const type = value === null ? Op.cellDelete : isMore ? Op.cellExtend : Op.cellPut;
    return this.named(type, 0, 0, name, value ?? NOTHING);
  }

  create(firstSequence: number, isStaged: boolean, id: string): number {
    return this.named(Op.create, firstSequence, isStaged ? 1 : 0, id, NOTHING);
  }

  /** A number, a byte, a name and a value. */
  private named(type: number, number: number, bits: number, name: string, value: Uint8Array): number {
    const text = Buffer.from(name);
    const at = this.journal.begin(this.store, type, OP_HEADER_BYTES + 10 + text.length + value.length);
    if (at < 0) return this.refused();
    const { bytes, view } = this.journal;
    view.setUint32(at, (this.serial + 1) >>> 0, true);
    putU64(view, at + 4, number);
    bytes[at + 12] = bits;
    bytes[at + 13] = text.length;
    bytes.set(text, at + 14);
    bytes.set(value, at + 14 + text.length);
    this.serial++;
    return this.journal.end();
  }

  private refused(): number {
    return this.journal.refusal === 'failed' ? Refused.failed : Refused.full;
  }
}

const NOTHING = new Uint8Array(0);
