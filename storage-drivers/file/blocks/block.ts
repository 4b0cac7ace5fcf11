/**
 * Some thousands of messages of one store: where each lies, which of them are still there, and the frames that hold them.
 *
 * A message takes four bytes here, for where it begins; its length is what lies between it and the next.
 */
import type { FrameCipher } from '../frame-cipher.ts';
import { WRAPPED_KEY_BYTES } from '../journal/segment-format.ts';
import { APPEND_OVERHEAD } from '../op-format.ts';
import { BlockFrame } from './block-frame.ts';
import type { OutlineWriter } from './block-outline.ts';
import type { FrameMemory } from './frame-memory.ts';

const SLOTS_AT_FIRST = 8;
const NO_KEY = new Uint8Array(WRAPPED_KEY_BYTES);
/** How far sequences of one block may be apart. */
export const DELTA_MAX = 2 ** 32 - 1;

/** Where the record stands that the journal speaks of. */
export interface AdoptedPlace {
  readonly block: number;
  readonly wrappedKey: Uint8Array;
  readonly cipher: FrameCipher | null;
  readonly fileBytes: number;
  /** Of its frame. */
  readonly position: number;
  readonly storedBytes: number;
  readonly frameLength: number;
  /** Where in the frame it begins. */
  readonly start: number;
}

export class Block {
  readonly number: number;
  /** The sequence of the first message. */
  readonly base: number;
  /** How many messages were appended. */
  slots = 0;
  /** How many of them are there. */
  live = 0;
  /** Their subjects, headers and payloads. */
  liveBytes = 0;
  /** Where each message begins, and where the last one ends. */
  starts: Uint32Array = new Uint32Array(SLOTS_AT_FIRST + 1);
  /** How far each sequence is from the base; null as long as none is left out. */
  deltas: Uint32Array | null = null;
  /** A bit for each message that is gone; null while all are there. */
  gone: Uint8Array | null = null;
  /** A bit for each message that is damaged. */
  damaged: Uint8Array | null = null;
  /** How many are damaged and were not removed. */
  hurt = 0;
  /** Something in its file is damaged, be a message lost by it or not. */
  isBroken = false;
  frames: BlockFrame[] = [];
  /** Nothing is appended any more. */
  isSealed = false;
  /** What its file takes, and how many frames are in it; 0 as long as there is none. */
  fileBytes = 0;
  frameCount = 0;
  /** Of the last frame in the file. */
  chain = 0;
  /** Where its index stands in the file, behind the frames; -1 when it does not. */
  indexPosition = -1;
  /** The same of its outline, and how much room that takes. */
  outlinePosition = -1;
  outlineBytes = 0;
  /** What is going to be the outline; null when there is none to be written, or none any more. */
  outline: OutlineWriter | null = null;
  /** Frames that are overwritten before the file is removed. */
  shredded: readonly BlockFrame[] = [];
  /** Who keeps the file from being removed. */
  holders = 0;
  isDropped = false;
  /** An earlier process wrote its file; nothing is added to it, so that no number is used twice under its key. */
  isInherited = false;
  /** Behind its end there may be what was written for a checkpoint that never came to be. */
  mayHaveSurplus = false;
  /** Its file is being made, or cut; by a checkpoint, where it is taken. */
  making: Promise<void> | null = null;
  isTaken = false;
  /** Writes to its file that nobody waited for to be safe, how many of them are, and whether its name is. */
  writes = 0;
  safeWrites = 0;
  hasSafeName = true;
  /** A sync of its file failed: nobody knows what is on the disk (D-17). */
  isDoubtful = false;
  /** After the end of a process the journal says what is in its file, up to the next checkpoint. */
  isAdopted = false;
  wrappedKey: Uint8Array = NO_KEY;
  cipher: FrameCipher | null = null;

  constructor(number: number, base: number) {
    this.number = number;
    this.base = base;
  }

  get lastSeq(): number {
    return this.seqAt(this.slots - 1);
  }

  get end(): number {
    return this.starts[this.slots]!;
  }

  seqAt(slot: number): number {
    return this.base + (this.deltas === null ? slot : this.deltas[slot]!);
  }

  /** The first slot whose sequence is at or above; `slots` when there is none. */
  slotFrom(seq: number): number {
    return slotFrom(seq, this.base, this.slots, this.deltas);
  }

  /** The slot of a message that is there and can be read, -1 otherwise. */
  slotOf(seq: number): number {
    const slot = this.slotFrom(seq);
    return slot < this.slots && this.seqAt(slot) === seq && this.isThere(slot) ? slot : -1;
  }

  isGone(slot: number): boolean {
    return this.gone !== null && (this.gone[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  isDamaged(slot: number): boolean {
    return this.damaged !== null && (this.damaged[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  contentLength(slot: number): number {
    return this.starts[slot + 1]! - this.starts[slot]! - APPEND_OVERHEAD;
  }

  /** Whether one more message of that many bytes belongs in here. */
  canTake(seq: number, size: number, bytesMax: number, slotsMax: number): boolean {
    if (this.isSealed || this.slots >= slotsMax || seq - this.base > DELTA_MAX) return false;
    return this.slots === 0 || this.end + size <= bytesMax;
  }

  /** Adds a message of so many bytes, all included, to the index. */
  add(seq: number, size: number): void {
    const slot = this.slots;
    if (slot + 1 >= this.starts.length) this.grow();
    const delta = seq - this.base;
    if (this.deltas === null && delta !== slot) {
      this.deltas = new Uint32Array(this.starts.length);
      for (let index = 0; index < slot; index++) this.deltas[index] = index;
    }
    if (this.deltas !== null) this.deltas[slot] = delta;
    this.starts[slot + 1] = this.starts[slot]! + size;
    this.slots = slot + 1;
    this.live++;
    this.liveBytes += size - APPEND_OVERHEAD;
  }

  /** Readable, as far as anybody knows. */
  isThere(slot: number): boolean {
    return !this.isGone(slot) && !this.isDamaged(slot);
  }

  /** The message was there and is not any more. Answers whether it could be read until now. */
  remove(slot: number): boolean {
    this.gone ??= new Uint8Array((this.starts.length + 7) >>> 3);
    this.gone[slot >>> 3]! |= 1 << (slot & 7);
    if (this.isDamaged(slot)) {
      this.hurt--;
      return false;
    }
    this.live--;
    this.liveBytes -= this.contentLength(slot);
    return true;
  }

  markDamaged(slot: number): boolean {
    if (!this.isThere(slot)) return false;
    this.damaged ??= new Uint8Array((this.starts.length + 7) >>> 3);
    this.damaged[slot >>> 3]! |= 1 << (slot & 7);
    this.hurt++;
    this.live--;
    this.liveBytes -= this.contentLength(slot);
    return true;
  }

  /** Nothing from the slot on was ever appended; nothing is appended to this block any more. */
  cut(slot: number): void {
    for (let index = slot; index < this.slots; index++) if (!this.isGone(index)) this.remove(index);
    this.slots = slot;
    this.isSealed = true;
  }

  /** The same, but as if it had never been: what follows takes its place. Only for what no file holds. */
  takeBack(slot: number): void {
    for (let index = slot; index < this.slots; index++) if (!this.isGone(index)) this.remove(index);
    if (this.gone !== null) for (let index = slot; index < this.slots; index++) this.revive(index);
    const end = this.starts[slot]!;
    this.slots = slot;
    while (this.frames.length > 0 && this.frames.at(-1)!.start >= end && this.frames.at(-1)!.position < 0)
      this.frames.pop();
    const last = this.frames.at(-1);
    if (last === undefined || last.end <= end) return;
    last.shorten(end - last.start, slot - this.slotAtStart(last.start));
  }

  /** The frame that a message lies in. */
  frameOf(slot: number): BlockFrame {
    const start = this.starts[slot]!;
    let low = 0;
    let high = this.frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.frames[middle]!.start <= start) low = middle;
      else high = middle - 1;
    }
    return this.frames[low]!;
  }

  /** The slot of the message that begins at a place. */
  slotAtStart(start: number): number {
    let low = 0;
    let high = this.slots;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get newestFrame(): BlockFrame | null {
    const { frames } = this;
    return frames.length === 0 ? null : frames[frames.length - 1]!;
  }

  /** The next message, if there is one, goes into a frame of its own. */
  sealFrames(): void {
    const last = this.newestFrame;
    if (last === null) return;
    last.settle();
    last.isSealed = true;
  }

  /** The frame that the next message of that many bytes goes into. */
  frameFor(size: number, frameBytes: number, memory: FrameMemory): BlockFrame {
    const last = this.newestFrame;
    if (last !== null && !last.isSealed && !last.isPlaced && (last.length === 0 || last.length + size <= frameBytes))
      return last;
    this.sealFrames();
    const frame = new BlockFrame(this.end, true, memory);
    this.frames.push(frame);
    return frame;
  }

  /** The same for one that is written to the file at once. */
  placedFrameFor(size: number, frameBytes: number, memory: FrameMemory): BlockFrame {
    const last = this.newestFrame;
    if (last?.isPlaced === true && !last.isSealed && last.length + size <= frameBytes) return last;
    this.sealFrames();
    const frame = new BlockFrame(this.end, true, memory);
    frame.isPlaced = true;
    this.frames.push(frame);
    return frame;
  }

  /** The frame of a record that is in the file already. */
  adoptInto({ position, storedBytes, frameLength, start }: AdoptedPlace): BlockFrame {
    const last = this.newestFrame;
    // Where one in between is lost, what follows it is not where the next would be.
    if (last !== null && last.position === position && last.firstAt + last.length === start) return last;
    this.sealFrames();
    const frame = new BlockFrame(this.end, false);
    frame.position = position;
    frame.storedBytes = storedBytes;
    frame.wholeLength = frameLength;
    frame.firstAt = start;
    frame.isSealed = true;
    this.frames.push(frame);
    return frame;
  }

  get indexBytes(): number {
    return (
      this.starts.byteLength +
      (this.deltas?.byteLength ?? 0) +
      (this.gone?.byteLength ?? 0) +
      (this.damaged?.byteLength ?? 0) +
      this.frames.length * 100
    );
  }

  private revive(slot: number): void {
    this.gone![slot >>> 3]! &= ~(1 << (slot & 7));
  }

  private grow(): void {
    const size = this.starts.length * 2;
    const starts = new Uint32Array(size);
    starts.set(this.starts);
    this.starts = starts;
    this.deltas = grown(this.deltas, size, Uint32Array) as Uint32Array | null;
    const bits = (size + 7) >>> 3;
    this.gone = grown(this.gone, bits, Uint8Array) as Uint8Array | null;
    this.damaged = grown(this.damaged, bits, Uint8Array) as Uint8Array | null;
  }
}

/** The first slot whose sequence is at or above; `slots` when there is none. */
export function slotFrom(seq: number, base: number, slots: number, deltas: Uint32Array | null): number {
  const delta = seq - base;
  if (delta <= 0) return 0;
  if (deltas === null) return Math.min(delta, slots);
  let low = 0;
  let high = slots;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (deltas[middle]! < delta) low = middle + 1;
    else high = middle;
  }
  return low;
}

function grown(
  from: Uint8Array | Uint32Array | null,
  size: number,
  kind: Uint8ArrayConstructor | Uint32ArrayConstructor,
): Uint8Array | Uint32Array | null {
  if (from === null) return null;
  const to = new kind(size);
  to.set(from);
  return to;
}
