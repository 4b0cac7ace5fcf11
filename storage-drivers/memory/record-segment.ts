/**
 * The records of 4,096 sequences: where each lies, and 24 bytes about it, in typed arrays.
 *
 * As long as most sequences have a record, a record's place in the arrays is its sequence less the base. Once few are
 * left the arrays are packed, and `slots` says whose the places are.
 */
import type { MessageBytes } from '../contract.ts';
import type { RecordView } from '../derived/record-view.ts';
import { SEGMENT_SLOTS, type Segment } from '../derived/segment-list.ts';
import { aligned, CHUNK_BYTES_MAX, Chunk, type Copier, sizeAfter } from './chunk.ts';
import type { Columns, UsedMemory } from './used-memory.ts';

const NONE = 0xffffffff;
const FIRST_PLACES = 16;
const NANOS_BITS = 30;
const NANOS_MASK = 0x3fffffff;
const TWO_TO_32 = 4294967296;
/** Arrays are packed when less than three quarters of their places have a record. */
const PACKED_BELOW = 3 / 4;
const PACKED_PLACES_MIN = 64;

export class RecordSegment implements Segment {
  readonly base: number;
  /** Snapshots that were taken before share it with the store until one of its records is removed. */
  epoch: number;
  count = 0;
  /** Places in use, of records or of gaps. */
  places = 0;
  chunks: (Chunk | null)[] = [];
  private spare: Chunk | null = null;
  private readonly memory: UsedMemory;
  private slots: Uint16Array | null = null;
  private location = new Uint32Array(FIRST_PLACES);
  private subjectLength = new Uint16Array(FIRST_PLACES);
  private flags = new Uint16Array(FIRST_PLACES);
  private headerLength = new Uint32Array(FIRST_PLACES);
  private bodyLength = new Uint32Array(FIRST_PLACES);
  private secondsLow = new Uint32Array(FIRST_PLACES);
  /** Nanoseconds, and above them the two bits of the seconds that did not fit. */
  private nanos = new Uint32Array(FIRST_PLACES);

  constructor(base: number, epoch: number, memory: UsedMemory) {
    this.base = base;
    this.epoch = epoch;
    this.memory = memory;
  }

  get newestChunk(): Chunk | null {
    return this.chunks.length === 0 ? null : this.chunks[this.chunks.length - 1]!;
  }

  /** What the arrays take: 24 bytes for each place. */
  get arrayBytes(): number {
    return this.location.length * 24 + (this.slots === null ? 0 : 2 * this.slots.length);
  }

  /** The place of a sequence's record, -1 when there is none. */
  placeOf(seq: number): number {
    const slot = seq - this.base;
    const place = this.slots === null ? slot : findSlot(this.slots, this.places, slot);
    return place >= 0 && place < this.places && this.location[place] !== NONE ? place : -1;
  }

  /** The first place at or after the one of `seq`, with or without a record; `places` when there is none. */
  placeFrom(seq: number): number {
    const slot = Math.max(0, seq - this.base);
    if (this.slots === null) return Math.min(slot, this.places);
    const place = findSlot(this.slots, this.places, slot);
    return place >= 0 ? place : ~place;
  }

  seqAt(place: number): number {
    return this.base + (this.slots === null ? place : this.slots[place]!);
  }

  isPresent(place: number): boolean {
    return this.location[place] !== NONE;
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes, copier: Copier): void {
    const subjectLength = message.subjectEnd - message.subjectStart;
    const length = aligned(subjectLength + message.bodyEnd - message.headerStart);
    const chunk = this.chunkFor(length);
    const at = chunk.used;
    copier.copy(message.subjectBytes, message.subjectStart, message.subjectEnd, chunk, at);
    copier.copy(message.bytes, message.headerStart, message.bodyEnd, chunk, at + subjectLength);
    chunk.used = at + length;
    chunk.live += length;
    const place = this.takePlace(seq - this.base);
    this.location[place] = ((this.chunks.length - 1) * 65536 + (at >>> 2)) >>> 0;
    this.subjectLength[place] = subjectLength;
    this.flags[place] = flags;
    this.headerLength[place] = message.bodyStart - message.headerStart;
    this.bodyLength[place] = message.bodyEnd - message.bodyStart;
    this.secondsLow[place] = seconds >>> 0;
    this.nanos[place] = ((Math.floor(seconds / TWO_TO_32) << NANOS_BITS) | nanos) >>> 0;
    this.count++;
  }

  /** Leaves the record in the view. */
  show(place: number, view: RecordView): void {
    const location = this.location[place]!;
    const bytes = this.chunks[location >>> 16]!.bytes;
    const subjectStart = (location & 0xffff) * 4;
    const subjectEnd = subjectStart + this.subjectLength[place]!;
    const bodyStart = subjectEnd + this.headerLength[place]!;
    const nanos = this.nanos[place]!;
    view.seq = this.seqAt(place);
    const seconds = this.secondsLow[place]!;
    view.seconds = nanos >>> NANOS_BITS === 0 ? seconds : seconds + (nanos >>> NANOS_BITS) * TWO_TO_32;
    view.nanos = nanos & NANOS_MASK;
    view.flags = this.flags[place]!;
    view.subjectBytes = bytes;
    view.subjectStart = subjectStart;
    view.subjectEnd = subjectEnd;
    view.bytes = bytes;
    view.headerStart = subjectEnd;
    view.bodyStart = bodyStart;
    view.bodyEnd = bodyStart + this.bodyLength[place]!;
  }

  contentLength(place: number): number {
    return this.subjectLength[place]! + this.headerLength[place]! + this.bodyLength[place]!;
  }

  /** What all records take together, without a look at their bytes. */
  contentBytes(): number {
    let sum = 0;
    for (let place = 0; place < this.places; place++) if (this.isPresent(place)) sum += this.contentLength(place);
    return sum;
  }

  /** The bytes stay until their chunk is compacted. */
  remove(place: number): void {
    this.chunks[this.location[place]! >>> 16]!.live -= aligned(this.contentLength(place));
    this.location[place] = NONE;
    this.count--;
  }

  /** Records from here on were removed and never come back; their places are used again. */
  forgetPlaces(seq: number): void {
    this.places = this.placeFrom(seq);
  }

  bytesAt(place: number): Uint8Array {
    const location = this.location[place]!;
    const at = (location & 0xffff) * 4;
    return this.chunks[location >>> 16]!.bytes.subarray(at, at + this.contentLength(place));
  }

  /** The chunk of a record, for `compactChunk` after its removal. */
  chunkOf(place: number): number {
    return this.location[place]! >>> 16;
  }

  /** Gives back what removed records take, once it is more than half. The open chunk is still being filled. */
  compactChunk(index: number, isOpen: boolean, mayReuse: boolean): void {
    const chunk = this.chunks[index]!;
    if (isOpen && index === this.chunks.length - 1) {
      if (chunk.live === 0 && mayReuse) chunk.used = 0;
      return;
    }
    if (chunk.live === 0) this.chunks[index] = null;
    else if (chunk.live * 2 < chunk.used && chunk.bytes.length <= CHUNK_BYTES_MAX) this.rewriteChunk(index, chunk);
    else return;
    if (mayReuse) this.memory.giveChunk(chunk);
  }

  /** Nothing is appended any more. Answers the chunk that was filled last, when it is free to be filled again. */
  seal(): Chunk | null {
    const chunk = this.newestChunk;
    if (chunk === null || chunk.live * 8 > chunk.bytes.length * 7) return null;
    if (chunk.live === 0) this.chunks[this.chunks.length - 1] = null;
    else this.rewriteChunk(this.chunks.length - 1, chunk);
    return chunk;
  }

  /** Begins as large as the segment before became, perhaps in a chunk that it left over. */
  follow(before: RecordSegment, spare: Chunk | null): void {
    if (before.places > SEGMENT_SLOTS / 2) this.grow(SEGMENT_SLOTS);
    if (spare === null) return;
    spare.used = 0;
    spare.live = 0;
    this.spare = spare;
  }

  /** Nobody looks at it any more. */
  release(): void {
    for (const chunk of this.chunks) if (chunk !== null) this.memory.giveChunk(chunk);
    this.giveColumns();
  }

  /** Once few records are left, so are the arrays. */
  pack(mayReuse: boolean): void {
    if (this.places < PACKED_PLACES_MIN || this.count >= this.places * PACKED_BELOW) return;
    if (mayReuse) this.giveColumns();
    const kept = new Uint16Array(this.count);
    const slots = new Uint16Array(this.count);
    let count = 0;
    for (let place = 0; place < this.places; place++) {
      if (!this.isPresent(place)) continue;
      slots[count] = this.seqAt(place) - this.base;
      kept[count++] = place;
    }
    this.location = picked(this.location, kept);
    this.subjectLength = picked(this.subjectLength, kept);
    this.flags = picked(this.flags, kept);
    this.headerLength = picked(this.headerLength, kept);
    this.bodyLength = picked(this.bodyLength, kept);
    this.secondsLow = picked(this.secondsLow, kept);
    this.nanos = picked(this.nanos, kept);
    this.slots = slots;
    this.places = count;
  }

  /** A segment of its own with the same records; the chunks are the same ones. */
  clone(epoch: number): RecordSegment {
    const copy = new RecordSegment(this.base, epoch, this.memory);
    copy.count = this.count;
    copy.places = this.places;
    copy.chunks = this.chunks.slice();
    copy.slots = this.slots?.slice() ?? null;
    copy.location = this.location.slice();
    copy.subjectLength = this.subjectLength.slice();
    copy.flags = this.flags.slice();
    copy.headerLength = this.headerLength.slice();
    copy.bodyLength = this.bodyLength.slice();
    copy.secondsLow = this.secondsLow.slice();
    copy.nanos = this.nanos.slice();
    return copy;
  }

  private chunkFor(length: number): Chunk {
    const newest = this.newestChunk;
    if (newest?.hasRoom(length)) return newest;
    const { spare } = this;
    const chunk = spare?.hasRoom(length) ? spare : this.memory.chunk(sizeAfter(newest ?? spare, length));
    this.spare = null;
    this.chunks.push(chunk);
    return chunk;
  }

  private takePlace(slot: number): number {
    const place = this.slots === null ? slot : this.places;
    if (place >= this.location.length) this.grow(place + 1);
    if (this.slots === null) for (let at = this.places; at < place; at++) this.location[at] = NONE;
    else this.slots[place] = slot;
    this.places = place + 1;
    return place;
  }

  /** The arrays of a segment that is full are as large as those of the next. */
  private giveColumns(): void {
    if (this.location.length === SEGMENT_SLOTS && this.slots === null) this.memory.giveColumns(this.columns);
  }

  private get columns(): Columns {
    const { location, subjectLength, flags, headerLength, bodyLength, secondsLow, nanos } = this;
    return { location, subjectLength, flags, headerLength, bodyLength, secondsLow, nanos };
  }

  private grow(least: number): void {
    const size = Math.min(SEGMENT_SLOTS, Math.max(least, this.location.length * 2));
    if (this.slots !== null) this.slots = grown(this.slots, new Uint16Array(size));
    const again = size === SEGMENT_SLOTS ? this.memory.fullColumns() : null;
    this.location = grown(this.location, again?.location ?? new Uint32Array(size));
    this.subjectLength = grown(this.subjectLength, again?.subjectLength ?? new Uint16Array(size));
    this.flags = grown(this.flags, again?.flags ?? new Uint16Array(size));
    this.headerLength = grown(this.headerLength, again?.headerLength ?? new Uint32Array(size));
    this.bodyLength = grown(this.bodyLength, again?.bodyLength ?? new Uint32Array(size));
    this.secondsLow = grown(this.secondsLow, again?.secondsLow ?? new Uint32Array(size));
    this.nanos = grown(this.nanos, again?.nanos ?? new Uint32Array(size));
  }

  /** Records that lie one after the other are moved together. */
  private rewriteChunk(index: number, from: Chunk): void {
    const to = new Chunk(from.live);
    let runStart = 0;
    let runEnd = 0;
    for (let place = 0; place < this.places; place++) {
      const location = this.location[place]!;
      if (location === NONE || location >>> 16 !== index) continue;
      const at = (location & 0xffff) * 4;
      if (at !== runEnd) {
        to.take(from, runStart, runEnd);
        runStart = at;
      }
      runEnd = at + aligned(this.contentLength(place));
      this.location[place] = (index * 65536 + ((to.used + at - runStart) >>> 2)) >>> 0;
    }
    to.take(from, runStart, runEnd);
    to.live = to.used;
    this.chunks[index] = to;
  }
}

/** Where a slot is in the ascending list, or the complement of where it would be. */
function findSlot(slots: Uint16Array, count: number, slot: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (slots[middle]! < slot) low = middle + 1;
    else high = middle;
  }
  return low < count && slots[low] === slot ? low : ~low;
}

type Numbers = Uint16Array | Uint32Array;

function grown<T extends Numbers>(from: T, to: T): T {
  to.set(from);
  return to;
}

function picked<T extends Numbers>(from: T, places: Uint16Array): T {
  const to = from.slice(0, places.length) as T;
  for (let index = 0; index < places.length; index++) to[index] = from[places[index]!]!;
  return to;
}
