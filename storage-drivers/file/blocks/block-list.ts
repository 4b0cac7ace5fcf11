/** The messages of a store: its blocks in order, and what is known of all of them together. */
import { Read, Scan, type SequenceRange, type Visit } from '../../contract.ts';
import type { RecordView } from '../../derived/record-view.ts';
import { RECORD_HEADER_BYTES } from '../journal/record-format.ts';
import { APPEND_OVERHEAD, readAppend } from '../op-format.ts';
import { SequenceRanges } from '../sequence-ranges.ts';
import { type AdoptedPlace, Block, DELTA_MAX } from './block.ts';
import type { BlockFrame } from './block-frame.ts';
import type { FrameMemory } from './frame-memory.ts';
import type { FrameDamage } from './load-frames.ts';

export interface BlockLimits {
  /** What a block holds, and a frame of it. */
  readonly blockBytes: number;
  readonly frameBytes: number;
  readonly slotsMax: number;
  readonly memory: FrameMemory;
}

const SAID_AGAIN_BYTES = 256 * 1024;

export class BlockList {
  blocks: Block[] = [];
  count = 0;
  contentBytes = 0;
  /** In memory, and in no file yet. */
  dirtyBytes = 0;
  /** Messages that are damaged, or gone with a file. */
  readonly lost = new SequenceRanges();
  /** Blocks of which nothing is left; their files go once a checkpoint says so. */
  dropped: Block[] = [];
  nextNumber = 1;
  coldSequence = 0;
  private saidUpTo = 0;
  private readonly limits: BlockLimits;

  constructor(limits: BlockLimits) {
    this.limits = limits;
  }

  /**
   * Takes over a record that stands whole in other memory, from `from` on, and stays there as it is until `settle`. `isLeft`: the memory is
   * not used for anything else later.
   */
  append(seq: number, bytes: Uint8Array, from: number, size: number, isLeft = false): void {
    const { limits } = this;
    let block = this.newest;
    if (block === null || !block.canTake(seq, size, limits.blockBytes, limits.slotsMax)) block = this.begin(seq);
    block.frameFor(size, limits.frameBytes, limits.memory).add(bytes, from, size, isLeft);
    block.add(seq, size);
    this.count++;
    this.contentBytes += size - APPEND_OVERHEAD;
    this.dirtyBytes += size;
  }

  /** The block of a record that is written to its file before the journal speaks of it. */
  blockToPlace(seq: number, size: number): Block {
    const { newest, limits } = this;
    // A checkpoint that makes the file would have to be waited for.
    const isFit = newest !== null && !newest.isTaken && newest.canTake(seq, size, limits.blockBytes, limits.slotsMax);
    return isFit ? newest : this.begin(seq);
  }

  /** Such a record gets its room; answers the frame that it stands in, whole once it is filled. */
  place(block: Block, seq: number, size: number): BlockFrame {
    const { limits } = this;
    const frame = block.placedFrameFor(size, limits.frameBytes, limits.memory);
    frame.open(size);
    block.add(seq, size);
    this.count++;
    this.contentBytes += size - APPEND_OVERHEAD;
    return frame;
  }

  /** A record that the journal only speaks of: it is in the file of a block, within a frame. */
  adopt(seq: number, size: number, place: AdoptedPlace): Block {
    const { newest, limits } = this;
    let block = newest;
    const isSame = block?.number === place.block && block.isInherited && block.slots < limits.slotsMax;
    if (block === null || !isSame || seq - block.base > DELTA_MAX) {
      block = this.beginWith(new Block(place.block, seq));
      block.isInherited = true;
    }
    // The checkpoint may be older than the file.
    block.wrappedKey = place.wrappedKey;
    block.cipher = place.cipher;
    block.isAdopted = true;
    block.isSealed = false;
    block.mayHaveSurplus = true;
    block.fileBytes = Math.max(block.fileBytes, place.fileBytes);
    block.adoptInto(place).length += size;
    block.newestFrame!.recordCount++;
    block.add(seq, size);
    this.count++;
    this.contentBytes += size - APPEND_OVERHEAD;
    return block;
  }

  /** What stands in other memory, as that of the journal, is copied: that is going to be used again. */
  settle(): void {
    this.newest?.newestFrame?.settle();
  }

  /** Adds blocks that were there before. */
  restore(blocks: readonly Block[]): void {
    for (const block of blocks) {
      this.blocks.push(block);
      this.count += block.live;
      this.contentBytes += block.liveBytes;
    }
  }

  firstFrom(seq: number): number {
    for (let index = this.indexFrom(seq); index < this.blocks.length; index++) {
      const block = this.blocks[index]!;
      for (let slot = block.slotFrom(seq); slot < block.slots; slot++)
        if (block.isThere(slot)) return block.seqAt(slot);
    }
    return Number.POSITIVE_INFINITY;
  }

  read(seq: number, view: RecordView): Read {
    const block = this.blockOf(seq);
    const slot = block === null ? -1 : block.slotOf(seq);
    if (slot < 0) return this.lost.has(seq) ? Read.hole : Read.gone;
    const frame = block!.frameOf(slot);
    if (!frame.isInMemory) {
      this.coldSequence = seq;
      return Read.cold;
    }
    show(block!, slot, frame, view);
    return Read.found;
  }

  /** Removes what is there in the range; answers how many. */
  remove(from: number, to: number): number {
    let removed = 0;
    for (let index = this.indexFrom(from); index < this.blocks.length; ) {
      const block = this.blocks[index]!;
      if (block.base > to) break;
      removed += this.removeWithin(block, from, to);
      if (block.live === 0 && block.hurt === 0 && this.mayDrop(block)) this.drop(index);
      else index++;
    }
    this.lost.remove(from, to);
    return removed;
  }

  /** Takes back all above, as if it had not been appended. */
  cutAfter(seq: number): number {
    let removed = 0;
    for (let index = this.blocks.length - 1; index >= 0; index--) {
      const block = this.blocks[index]!;
      if (block.lastSeq <= seq) break;
      const before = block.live;
      const bytes = block.liveBytes;
      block.cut(block.slotFrom(seq + 1));
      removed += before - block.live;
      this.count -= before - block.live;
      this.contentBytes -= bytes - block.liveBytes;
      if (block.live === 0 && block.hurt === 0) this.drop(index);
    }
    this.lost.remove(seq + 1, Number.MAX_SAFE_INTEGER);
    return removed;
  }

  /** The same for what was appended in this turn only: no trace is left of it. */
  takeBack(seq: number): void {
    for (let index = this.blocks.length - 1; index >= 0; index--) {
      const block = this.blocks[index]!;
      if (block.lastSeq <= seq) break;
      const slot = block.slotFrom(seq + 1);
      this.count -= block.slots - slot;
      for (let at = slot; at < block.slots; at++) this.contentBytes -= block.contentLength(at);
      this.dirtyBytes -= block.end - block.starts[slot]!;
      block.takeBack(slot);
      if (slot === 0) this.blocks.pop();
    }
  }

  /** Damage was found in a block, and marked there. */
  noteDamage({ lost, records, bytes }: FrameDamage): void {
    for (const { from, to } of lost) this.lost.add(from, to);
    this.count -= records;
    this.contentBytes -= bytes;
  }

  /** Nothing in it can be read any more: it goes, and what was lost with it stays lost. */
  discard(block: Block): void {
    const index = this.blocks.indexOf(block);
    if (index >= 0) this.drop(index);
  }

  /** What the damaged messages hold that are known by their blocks. */
  get lostBytes(): number {
    let bytes = 0;
    for (const block of this.blocks) {
      if (block.hurt === 0) continue;
      for (let slot = 0; slot < block.slots; slot++) {
        if (block.isDamaged(slot) && !block.isGone(slot)) bytes += block.contentLength(slot);
      }
    }
    return bytes;
  }

  scan(from: number, to: number, view: RecordView, visit: Visit): Scan {
    return scanBlocks(this.blocks, from, to, view, visit, this);
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    let next = from;
    const upTo = (end: number) => {
      for (const { from: start, to: stop } of this.lost.list) {
        if (stop < next || start > end) continue;
        if (start > next) visit(next, start - 1);
        next = stop + 1;
      }
      if (next <= end) visit(next, end);
    };
    for (let index = this.indexFrom(from); index < this.blocks.length && next <= to; index++) {
      const block = this.blocks[index]!;
      for (let slot = block.slotFrom(next); slot < block.slots; slot++) {
        const seq = block.seqAt(slot);
        if (seq > to) break;
        if (block.isGone(slot)) continue;
        if (seq > next) upTo(seq - 1);
        next = seq + 1;
      }
    }
    if (next <= to) upTo(to);
  }

  /** The frames that a range needs and that are not in memory, per block, up to so many bytes. */
  coldFrames(from: number, to: number, bytesMax: number): { block: Block; frames: BlockFrame[] }[] {
    return coldFramesOf(this.blocks, from, to, bytesMax);
  }

  /** The first block that ends at or above. */
  indexFrom(seq: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.blocks[middle]!.lastSeq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const block of this.blocks) {
      bytes += block.indexBytes;
      for (const frame of block.frames) bytes += frame.memoryBytes;
    }
    return bytes;
  }

  /** Whether more is dirty than should be. While it is being written, that is said now and then, not each time. */
  shouldBeWritten(dirtyBytesMax: number): boolean {
    if (this.dirtyBytes <= dirtyBytesMax || this.dirtyBytes < this.saidUpTo) return false;
    this.saidUpTo = this.dirtyBytes + SAID_AGAIN_BYTES;
    return true;
  }

  /** Something was written. */
  recountDirty(): void {
    this.dirtyBytes = this.blocks.reduce((sum, block) => sum + unwrittenBytes(block), 0);
    this.saidUpTo = 0;
  }

  private get newest(): Block | null {
    const { blocks } = this;
    return blocks.length === 0 ? null : blocks[blocks.length - 1]!;
  }

  private blockOf(seq: number): Block | null {
    const last = this.newest;
    if (last !== null && seq >= last.base) return last;
    return this.blocks[this.indexFrom(seq)] ?? null;
  }

  private begin(seq: number): Block {
    return this.beginWith(new Block(this.nextNumber++, seq));
  }

  private beginWith(block: Block): Block {
    const before = this.blocks.at(-1);
    if (before !== undefined) {
      before.isSealed = true;
      before.sealFrames();
    }
    this.blocks.push(block);
    return block;
  }

  private removeWithin(block: Block, from: number, to: number): number {
    let removed = 0;
    const before = block.liveBytes;
    if (from <= block.base && to >= block.lastSeq && this.mayDrop(block)) {
      // It goes as a whole, whatever is in it.
      removed = block.live;
      Object.assign(block, { live: 0, liveBytes: 0, hurt: 0 });
    } else {
      for (let slot = block.slotFrom(from); slot < block.slots && block.seqAt(slot) <= to; slot++) {
        if (!block.isGone(slot) && block.remove(slot)) removed++;
      }
    }
    this.count -= removed;
    this.contentBytes -= before - block.liveBytes;
    return removed;
  }

  /** The block that is being filled stays as long as it is worth filling. */
  private mayDrop(block: Block): boolean {
    return block !== this.blocks.at(-1) || block.isSealed || block.end * 2 > this.limits.blockBytes;
  }

  private drop(index: number): void {
    const [block] = this.blocks.splice(index, 1);
    block!.newestFrame?.settle();
    this.dirtyBytes -= unwrittenBytes(block!);
    block!.isDropped = true;
    if (block!.fileBytes > 0 || block!.holders > 0) this.dropped.push(block!);
  }
}

/** What of a block is in no file, and is not just being written to one. */
export function unwrittenBytes(block: Block): number {
  let bytes = 0;
  for (const frame of block.frames)
    if (frame.position < 0 && frame.isInMemory && !frame.isPlaced) bytes += frame.length;
  return bytes;
}

/** What reading needs of a block; a snapshot has blocks of its own kind. */
export interface ReadableBlock {
  readonly base: number;
  readonly slots: number;
  readonly lastSeq: number;
  slotFrom(seq: number): number;
  seqAt(slot: number): number;
  isGone(slot: number): boolean;
  isDamaged(slot: number): boolean;
  frameOf(slot: number): BlockFrame;
  readonly starts: Uint32Array;
}

export function show(block: ReadableBlock, slot: number, frame: BlockFrame, view: RecordView): void {
  const start = block.starts[slot]! - frame.start;
  const end = block.starts[slot + 1]! - frame.start;
  frame.isTouched = true;
  readAppend(frame.bytes, frame.view, start + RECORD_HEADER_BYTES, end, view);
}

export function scanBlocks(
  blocks: readonly ReadableBlock[],
  from: number,
  to: number,
  view: RecordView,
  visit: Visit,
  cold: { coldSequence: number },
): Scan {
  const isUp = from <= to;
  const [low, high] = isUp ? [from, to] : [to, from];
  for (let step = 0; step < blocks.length; step++) {
    const block = blocks[isUp ? step : blocks.length - 1 - step]!;
    if (block.slots === 0 || block.lastSeq < low || block.base > high) continue;
    const end = scanBlock(block, low, high, isUp, view, visit, cold);
    if (end !== Scan.done) return end;
  }
  return Scan.done;
}

function scanBlock(
  block: ReadableBlock,
  low: number,
  high: number,
  isUp: boolean,
  view: RecordView,
  visit: Visit,
  cold: { coldSequence: number },
): Scan {
  const first = block.slotFrom(low);
  const last = block.slotFrom(high + 1) - 1;
  const step = isUp ? 1 : -1;
  let frame: BlockFrame | null = null;
  for (let slot = isUp ? first : last; slot >= first && slot <= last; slot += step) {
    if (block.isGone(slot) || block.isDamaged(slot)) continue;
    const start = block.starts[slot]!;
    if (frame === null || start < frame.start || start >= frame.end) frame = block.frameOf(slot);
    if (!frame.isInMemory) {
      cold.coldSequence = block.seqAt(slot);
      return Scan.cold;
    }
    show(block, slot, frame, view);
    if (!visit(view)) return Scan.stopped;
  }
  return Scan.done;
}

export function coldFramesOf<B extends ReadableBlock>(
  blocks: readonly B[],
  from: number,
  to: number,
  bytesMax: number,
): { block: B; frames: BlockFrame[] }[] {
  const isUp = from <= to;
  const [low, high] = isUp ? [from, to] : [to, from];
  const found: { block: B; frames: BlockFrame[] }[] = [];
  let bytes = 0;
  for (let step = 0; step < blocks.length && bytes < bytesMax; step++) {
    const block = blocks[isUp ? step : blocks.length - 1 - step]!;
    if (block.slots === 0 || block.lastSeq < low || block.base > high) continue;
    const frames: BlockFrame[] = [];
    const [first, last] = [block.slotFrom(low), block.slotFrom(high + 1) - 1];
    for (let slot = isUp ? first : last; slot >= first && slot <= last && bytes < bytesMax; slot += isUp ? 1 : -1) {
      if (block.isGone(slot) || block.isDamaged(slot)) continue;
      const frame = block.frameOf(slot);
      if (frame.isInMemory || frames.at(-1) === frame) continue;
      // A large one that comes second would push the first out of the cache again.
      if (bytes > 0 && bytes + frame.length > bytesMax)
        return frames.length > 0 ? [...found, { block, frames }] : found;
      frames.push(frame);
      bytes += frame.length;
    }
    if (frames.length > 0) found.push({ block, frames });
  }
  return found;
}

export function rangesOf(lost: SequenceRanges): readonly SequenceRange[] {
  return lost.list.map(({ from, to }) => ({ from, to }));
}
