/** Which blocks are worth being written anew, and why. */
import type { Block } from './blocks/block.ts';
import type { FileStore } from './file-store.ts';
import type { StoreKeys } from './frame-cipher.ts';
import { APPEND_OVERHEAD } from './op-format.ts';

/** Blocks are compacted when less than this part of their file is still there. */
const LIVE_PART = 0.5;
/** A block from an earlier life that has no outline gets one when it is at least so large a part of a full one. */
const LARGE_PART = 1 / 8;
/** So many small neighbours are joined, or fewer that fill half a block. */
const NEIGHBOURS_MIN = 4;

/** Neighbours that should become one block; null when there is nothing to do. What a snapshot holds is left alone. */
export function findUntidy(store: FileStore): readonly Block[] | null {
  const { blocks } = store.blocks;
  for (const block of blocks) if (isStale(block, store.world.keys) && block.holders === 0) return [block];
  for (const block of blocks) if (isSettled(block) && isSparse(block)) return [block];
  const isLarge = (block: Block) => block.end >= store.world.options.blockBytes * LARGE_PART;
  for (const block of blocks) if (isSettled(block) && hasNoOutline(block) && isLarge(block)) return [block];
  return findSmall(store);
}

/** Its file is under another key than the present one, or in the clear although there is a key. */
export function isStale(block: Block, keys: StoreKeys | null): boolean {
  if (block.fileBytes === 0) return false;
  return keys === null ? block.cipher !== null : !keys.isCurrent(block.cipher);
}

/** Nothing is appended to it any more, and nothing is wrong with it. */
function isSettled(block: Block): boolean {
  return block.isSealed && block.fileBytes > 0 && block.holders === 0 && block.hurt === 0 && !block.isBroken;
}

/** An earlier process left it before it was full, or knew nothing of outlines. */
function hasNoOutline(block: Block): boolean {
  return block.isInherited && block.outlinePosition < 0 && block.live > 0;
}

/** Also what is in the file and not there any more takes its part of it. */
function isSparse(block: Block): boolean {
  if (block.end === 0 || block.live === 0) return false;
  return liveExtent(block) < block.end * LIVE_PART;
}

function liveExtent(block: Block): number {
  return block.liveBytes + block.live * APPEND_OVERHEAD;
}

function findSmall(store: FileStore): readonly Block[] | null {
  const { blockBytes, blockSlotsMax } = store.world.options;
  let [run, bytes, slots]: [Block[], number, number] = [[], 0, 0];
  for (const block of store.blocks.blocks) {
    const isSmall = isSettled(block) && liveExtent(block) <= blockBytes / 4 && block.live <= blockSlotsMax / 4;
    if (!isSmall) [run, bytes, slots] = [[], 0, 0];
    else {
      run.push(block);
      bytes += liveExtent(block);
      slots += block.live;
      const isHalf = run.length > 1 && (bytes >= blockBytes / 2 || slots >= blockSlotsMax / 2);
      if (run.length >= NEIGHBOURS_MIN || isHalf) return run;
    }
  }
  return null;
}
