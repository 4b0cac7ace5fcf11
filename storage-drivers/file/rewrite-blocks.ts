/**
 * Blocks are written anew: without what was removed (S-26), several small ones as one, under another key, or with records that were
 * lost and found again. The new file is whole and safe before a checkpoint names it, and the old ones go after that; until then a crash
 * finds the old ones as they were.
 */
import { Block, DELTA_MAX } from './blocks/block.ts';
import { unwrittenBytes } from './blocks/block-list.ts';
import { BlockWriter } from './blocks/block-writer.ts';
import { Breath } from './breath.ts';
import type { FileStore } from './file-store.ts';
import { recordEnd } from './journal/record-format.ts';

/** A record that belongs where none is. */
export interface FoundRecord {
  readonly seq: number;
  /** All of it, as it stands in a block. */
  readonly bytes: Uint8Array;
}

/**
 * Puts one block in the place of neighbours, in order; the next checkpoint makes it last. Answers how many bytes were written, 0 when all
 * stays as it is. Nobody else may write the store's blocks meanwhile.
 */
export async function rewriteBlocks(
  store: FileStore,
  sources: readonly Block[],
  found: readonly FoundRecord[] = [],
): Promise<number> {
  for (const source of sources) seal(source);
  if (found.length === 0 && sources.every(({ live }) => live === 0)) {
    // There is nothing to write.
    for (const source of sources) store.blocks.discard(source);
    return sources.length;
  }
  const counts = sources.map(({ slots }) => slots);
  const copy = await copyOf(store, sources, found);
  if (copy === null) return 0;
  await new BlockWriter(store, copy).write(copy.frames, null, true);
  const areSame = sources.every((source, index) => source.slots === counts[index] && !source.isDropped);
  // What was cut off meanwhile must not be in the copy.
  if (areSame) exchange(store, sources, copy, found);
  else giveUp(store, copy);
  for (const frame of copy.frames) store.world.cache.add(frame);
  return areSame ? copy.fileBytes : 0;
}

function seal(block: Block): void {
  block.isSealed = true;
  const last = block.frames.at(-1);
  if (last !== undefined) last.isSealed = true;
}

async function copyOf(store: FileStore, sources: readonly Block[], found: readonly FoundRecord[]) {
  const copier = new BlockCopier(store, found);
  for (const source of sources) if (!(await copier.take(source))) return null;
  if (!copier.insertUpTo(Number.POSITIVE_INFINITY) || copier.copy === null) return null;
  seal(copier.copy);
  return copier.copy;
}

class BlockCopier {
  copy: Block | null = null;
  private readonly store: FileStore;
  private readonly found: readonly FoundRecord[];
  private readonly breath: Breath;
  private inserted = 0;

  constructor(store: FileStore, found: readonly FoundRecord[]) {
    this.store = store;
    this.found = found;
    this.breath = new Breath(store.world.ports.clock);
  }

  /** Everything of a block that can be read. False when it does not fit in with the rest. */
  async take(source: Block): Promise<boolean> {
    for (let slot = 0; slot < source.slots; slot++) {
      if (!source.isThere(slot)) continue;
      const frame = source.frameOf(slot);
      if (!frame.isInMemory) await this.store.bringIn([{ block: source, frames: [frame] }]);
      // It may have turned out to be damaged just now, or have been removed.
      if (slot >= source.slots || !source.isThere(slot)) continue;
      if (!frame.isInMemory) return false;
      const start = source.starts[slot]! - frame.start;
      const end = source.starts[slot + 1]! - frame.start;
      // What is written anew is as good as what was there, or it is not written.
      if (recordEnd(frame.bytes, frame.view, start, end) !== end) return false;
      const seq = source.seqAt(slot);
      if (!this.insertUpTo(seq) || !this.add(seq, frame.bytes, start, end)) return false;
      if (this.breath.isDue(end - start)) await this.breath.take();
    }
    return true;
  }

  /** The found records before a sequence. */
  insertUpTo(seq: number): boolean {
    const { found } = this;
    while (this.inserted < found.length && found[this.inserted]!.seq < seq) {
      const { seq: own, bytes } = found[this.inserted++]!;
      if (!this.add(own, bytes, 0, bytes.length)) return false;
    }
    return true;
  }

  private add(seq: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { store } = this;
    this.copy ??= new Block(store.blocks.nextNumber++, seq);
    const { copy } = this;
    const size = end - start;
    if (seq - copy.base > DELTA_MAX) return false;
    const { options, frameMemory } = store.world;
    const frame = copy.frameFor(size, options.blockFrameBytes, frameMemory);
    frame.add(bytes, start, size);
    frame.settle();
    copy.add(seq, size);
    return true;
  }
}

function exchange(store: FileStore, sources: readonly Block[], copy: Block, found: readonly FoundRecord[]): void {
  const { blocks } = store;
  takeOver(store, copy, found);
  dropWhatWent(sources, copy, new Set(found.map(({ seq }) => seq)));
  if (copy.live === 0) {
    giveUp(store, copy);
    return;
  }
  const index = sources.length > 0 ? blocks.blocks.indexOf(sources[0]!) : blocks.indexFrom(copy.base);
  blocks.blocks.splice(index, sources.length, copy);
  for (const source of sources) {
    source.isDropped = true;
    source.newestFrame?.settle();
    blocks.dirtyBytes -= unwrittenBytes(source);
    if (source.fileBytes > 0 || source.holders > 0) blocks.dropped.push(source);
  }
}

/** Its file goes with the next checkpoint. */
function giveUp({ blocks }: FileStore, copy: Block): void {
  copy.isDropped = true;
  blocks.dropped.push(copy);
}

/** What was found counts from now on, unless somebody removed it meanwhile. */
function takeOver({ blocks }: FileStore, copy: Block, found: readonly FoundRecord[]): void {
  for (const { seq } of found) {
    const slot = copy.slotOf(seq);
    if (!blocks.lost.has(seq)) copy.remove(slot);
    else {
      blocks.lost.remove(seq, seq);
      blocks.count++;
      blocks.contentBytes += copy.contentLength(slot);
    }
  }
}

/** What was removed while it was copied is removed from the copy too. */
function dropWhatWent(sources: readonly Block[], copy: Block, found: ReadonlySet<number>): void {
  let at = 0;
  for (let slot = 0; slot < copy.slots; slot++) {
    const seq = copy.seqAt(slot);
    if (found.has(seq)) continue;
    while (sources[at]!.lastSeq < seq) at++;
    if (sources[at]!.slotOf(seq) < 0) copy.remove(slot);
  }
}
