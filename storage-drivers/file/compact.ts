/**
 * Blocks of which little is left are written anew, without what was removed (S-26). The new file is whole and safe before a checkpoint
 * names it, and the old one goes after that; until then a crash finds the old one as it was.
 */
import { Block } from './blocks/block.ts';
import { BlockWriter } from './blocks/block-file.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import type { FileStore } from './file-store.ts';
import { recordEnd } from './journal/record-format.ts';

/** Blocks are compacted when less than this part of their file is still there. */
const LIVE_PART = 0.5;

/** A block that is worth it; null when there is none. Blocks that are still filled, damaged or held by a snapshot are left alone. */
export function findSparseBlock(store: FileStore): Block | null {
  for (const block of store.blocks.blocks) {
    const isSettled = block.isSealed && block.fileBytes > 0 && block.holders === 0 && block.damaged === null;
    if (isSettled && block.live > 0 && storedLive(block) < block.fileBytes * LIVE_PART) return block;
  }
  return null;
}

/** Puts a smaller block in the place of a sparse one. The next checkpoint makes it last. False when it has to stay as it is. */
export async function compactBlock(store: FileStore, block: Block): Promise<boolean> {
  const slots = liveSlots(block);
  const count = block.slots;
  const copy = new Block(store.blocks.nextNumber++, block.seqAt(slots[0]!));
  for (const slot of slots) if (!(await copyRecord(store, block, slot, copy))) return false;
  copy.isSealed = true;
  for (const frame of copy.frames) frame.isSealed = true;
  await new BlockWriter(store.world, store.number, store.directory, copy).write(copy.frames, null);
  for (const frame of copy.frames) store.world.cache.add(frame);
  // What was cut off meanwhile must not be in the copy.
  if (block.slots === count) return exchange(store, block, copy);
  store.blocks.dropped.push(copy);
  return false;
}

/** Also what is in the file and not there any more takes its part of it. */
function storedLive(block: Block): number {
  return block.end === 0 ? 0 : (block.fileBytes * liveExtent(block)) / block.end;
}

function liveExtent(block: Block): number {
  if (block.gone === null) return block.end;
  let extent = 0;
  for (let slot = 0; slot < block.slots; slot++) {
    if (!block.isGone(slot)) extent += block.starts[slot + 1]! - block.starts[slot]!;
  }
  return extent;
}

function liveSlots(block: Block): number[] {
  return Array.from({ length: block.slots }, (_, slot) => slot).filter((slot) => !block.isGone(slot));
}

async function copyRecord(store: FileStore, from: Block, slot: number, to: Block): Promise<boolean> {
  const frame = from.frameOf(slot);
  if (!frame.isInMemory) await store.bringIn([{ block: from, frames: [frame] }]);
  if (!frame.isInMemory || from.isDamaged(slot)) return false;
  const start = from.starts[slot]! - frame.start;
  const size = from.starts[slot + 1]! - from.starts[slot]!;
  // What is written anew is as good as what was there, or it is not written.
  if (recordEnd(frame.bytes, frame.view, start, start + size) !== start + size) return false;
  const { options, frameMemory } = store.world;
  const target: BlockFrame = to.frameFor(size, options.blockFrameBytes, frameMemory);
  target.add(frame.bytes, start, size);
  target.settle();
  to.add(from.seqAt(slot), size);
  return true;
}

/** What was removed while it was copied is removed from the copy too. */
function exchange(store: FileStore, block: Block, copy: Block): boolean {
  const { blocks } = store;
  const index = blocks.blocks.indexOf(block);
  if (index < 0 || block.holders > 0) {
    blocks.dropped.push(copy);
    return false;
  }
  for (let slot = 0; slot < copy.slots; slot++) if (block.slotOf(copy.seqAt(slot)) < 0) copy.remove(slot);
  if (copy.live === 0) {
    blocks.dropped.push(copy);
    return false;
  }
  blocks.blocks[index] = copy;
  block.isDropped = true;
  blocks.dropped.push(block);
  return true;
}
