/**
 * What an earlier life wrote to the file of a block, and what counts no more or never did, is in the journal too or was in it, and may have
 * been erased since: it is overwritten, or cut off at the end.
 */
import type { Block } from './blocks/block.ts';
import { blockPath } from './blocks/block-file.ts';
import { datasync, writeAt } from './file-calls.ts';
import type { FileStore } from './file-store.ts';
import { FRAMES_START } from './journal/segment-format.ts';

export async function blotSurplus(store: FileStore): Promise<void> {
  const all = [...store.blocks.blocks, ...store.blocks.dropped];
  const numbers = new Set(
    all.filter((block) => block.mayHaveSurplus && block.fileBytes > 0).map(({ number }) => number),
  );
  for (const number of numbers) {
    const sharing = all.filter((block) => block.number === number);
    for (const block of sharing) block.mayHaveSurplus = false;
    await blotIn(store, number, sharing);
  }
}

async function blotIn(store: FileStore, number: number, blocks: readonly Block[]): Promise<void> {
  const file = await store.world.disk.open(blockPath(store.directory, number), 'update').catch(() => null);
  if (file === null) return;
  try {
    const size = await file.size();
    // Where the index was lost, nobody knows what else is in it.
    const isKnown = blocks.every(({ isBroken }) => !isBroken);
    let end = isKnown ? FRAMES_START : Math.max(...blocks.map(({ fileBytes }) => fileBytes));
    let isChanged = false;
    for (const [from, to] of blocks.flatMap(usedRanges).sort(([one], [other]) => one - other)) {
      if (from > end) {
        await writeAt(file, [new Uint8Array(from - end)], end);
        isChanged = true;
      }
      end = Math.max(end, to);
    }
    if (size > end) await file.truncate(end);
    if (isChanged || size > end) await datasync(file);
  } finally {
    await file.close();
  }
}

/** Frames, outline and index. */
function usedRanges(block: Block): [number, number][] {
  const ranges: [number, number][] = [];
  for (const { position, promised, storedBytes } of block.frames) {
    // The journal may speak of it still.
    const at = Math.max(position, promised);
    if (at >= 0) ranges.push([at, at + storedBytes]);
  }
  const { outlinePosition, outlineBytes, indexPosition } = block;
  if (outlinePosition >= 0) ranges.push([outlinePosition, outlinePosition + outlineBytes]);
  // Nothing but its own surplus follows.
  if (indexPosition >= 0) ranges.push([indexPosition, block.fileBytes]);
  return ranges;
}
