/** Blocks that the journal speaks of, and no checkpoint yet: after the end of a process they are what they were. */

import type { Block } from './blocks/block.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { loadFrames } from './blocks/load-frames.ts';
import type { FileStore } from './file-store.ts';
import { serialDistance } from './op-format.ts';

/** An operation that the checkpoint of its store does not include. */
export function isAhead(store: FileStore, serial: number): boolean {
  return serialDistance(store.serial, serial) > 0;
}

/**
 * Nothing more comes into them from the journal, and nothing else is added. Where the journal ended amidst a frame, what counts of it is kept
 * in memory like what is in the journal only.
 */
export async function finishAdopting(store: FileStore): Promise<void> {
  for (const block of store.blocks.blocks) {
    if (!block.isAdopted) continue;
    block.isSealed = true;
    for (const frame of block.frames)
      if (frame.position >= 0 && !frame.isInMemory) await settleFrame(store, block, frame);
  }
  store.blocks.recountDirty();
}

async function settleFrame(store: FileStore, block: Block, frame: BlockFrame): Promise<void> {
  if (frame.wholeLength === 0 || frame.wholeLength === frame.length) return;
  await loadFrames(store.world, store, block, [frame], store.care.onDamage);
  // Nothing of it can be read, and that was told.
  if (!frame.isInMemory) return;
  // Until a checkpoint knows better, it is looked for where it is.
  frame.promised = frame.position;
  frame.position = -1;
}

/** The numbers of blocks that nothing speaks of. What is not needed any more goes with the next checkpoint. */
export function withoutAdopted({ blocks }: FileStore, numbers: readonly number[]): number[] {
  const known = new Set([...blocks.blocks, ...blocks.dropped].map(({ number }) => number));
  return numbers.filter((number) => !known.has(number));
}
