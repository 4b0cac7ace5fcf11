/** Overwrites what was erased in a file that goes. */
import type { Block } from './blocks/block.ts';
import { blockPath } from './blocks/block-file.ts';
import { syncFile } from './blocks/block-writer.ts';
import { datasync, writeAt } from './file-calls.ts';
import type { FileStore } from './file-store.ts';

/** Frames of a file that nobody reads any more, before it is removed. */
export async function shredFrames(store: FileStore, block: Block): Promise<void> {
  const stored = block.shredded.filter(({ position }) => position >= 0);
  block.shredded = [];
  const path = blockPath(store.directory, block.number);
  const file = stored.length === 0 ? null : await store.world.disk.open(path, 'update').catch(() => null);
  if (file === null) return;
  try {
    for (const { position, storedBytes } of stored) await writeAt(file, [new Uint8Array(storedBytes)], position);
    await datasync(file);
  } finally {
    await file.close();
  }
}

/** What the outline of a block says of what was erased is destroyed with it; it is not read any more. */
export async function shredOutline(store: FileStore, block: Block): Promise<void> {
  const { outlinePosition, outlineBytes } = block;
  block.outline = null;
  if (outlinePosition < 0) return;
  const path = blockPath(store.directory, block.number);
  const file = await store.world.disk.open(path, 'update').catch(() => null);
  if (file !== null) {
    try {
      await writeAt(file, [new Uint8Array(outlineBytes)], outlinePosition);
      await syncFile(file, block);
    } finally {
      await file.close();
    }
  }
  block.outlinePosition = -1;
}
