/**
 * Writes what a store has in memory only to its blocks, and then the checkpoint that says so. Afterwards the journal is not needed for
 * anything that was written before.
 */
import type { Block } from './blocks/block.ts';
import { blockPath } from './blocks/block-file.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { rangesOf } from './blocks/block-list.ts';
import { BlockWriter, syncBlock } from './blocks/block-writer.ts';
import { type BlockState, captureBlock, type StoreState, writeCheckpoint } from './checkpoint-format.ts';
import type { FileStore } from './file-store.ts';
import { rewriteBlocks } from './rewrite-blocks.ts';
import { shredFrames } from './shred-frames.ts';
import { makeStoreDirectory, writeCheckpointFiles } from './store-files.ts';
import { isStale } from './untidy-blocks.ts';

/** With the file that the journal makes ready, that leaves one of the four threads to the journal's own writes. */
const BLOCKS_AT_ONCE = 2;

interface Captured {
  readonly ticket: number;
  readonly placedBytes: number;
  readonly state: StoreState;
  readonly blocks: readonly BlockState[];
  readonly dropped: readonly Block[];
}

export async function takeCheckpoint(store: FileStore): Promise<void> {
  await renewBlocks(store);
  const captured = capture(store);
  try {
    // What is not durable yet may never have been.
    await store.untilDurable();
    if (store.checkpointSerial === 0) {
      // A folder of a store that the journal does not know would be set aside.
      await store.world.journal.syncNow();
      await makeStoreDirectory(store.world, store.directory);
    }
    await writeBlocks(store, captured.blocks);
    const content = writeCheckpoint(captured.state, captured.blocks);
    store.checkpointBytes = await writeCheckpointFiles(store.world, store.directory, store.number, content);
  } catch (error) {
    store.blocks.dropped.unshift(...captured.dropped);
    throw error;
  }
  store.checkpointSerial = captured.state.serial;
  store.isCheckpointStale = captured.blocks.some(({ block }) => isStale(block, store.world.keys));
  store.world.journal.release(store.journalStore, captured.ticket);
  store.world.placed.saved(store, captured.placedBytes);
  store.blocks.recountDirty();
  await removeDropped(store, captured.dropped);
}

/**
 * Nothing is added to a file that an earlier process wrote, and what a failed sync has left in one is not believed (D-17): such blocks are
 * written anew.
 */
async function renewBlocks(store: FileStore): Promise<void> {
  for (const block of [...store.blocks.blocks]) {
    if (!block.isDoubtful && !(block.isAdopted && hasUnwritten(block))) continue;
    if ((await rewriteBlocks(store, [block])) > 0) continue;
    throw new Error(`block ${block.number} of '${store.id}' cannot be written anew`);
  }
}

function hasUnwritten(block: Block): boolean {
  return block.frames.some((frame) => frame.position < 0 && frame.isInMemory);
}

/** What the checkpoint is going to say, all of one moment. */
function capture(store: FileStore): Captured {
  const newest = store.blocks.blocks.at(-1)?.frames.at(-1);
  if (newest !== undefined) newest.isSealed = true;
  return {
    ticket: store.journalStore.appended,
    placedBytes: store.world.placed.unsavedOf(store),
    state: stateOf(store),
    blocks: store.blocks.blocks.filter((block) => block.slots > 0).map(captureBlock),
    dropped: store.blocks.dropped.splice(0),
  };
}

function stateOf(store: FileStore): StoreState {
  const { id, number, isStaged, isAmnesiac, serial, first, last, lastSeconds, lastNanos, eras, blocks } = store;
  return {
    store: number,
    id,
    isStaged,
    isAmnesiac,
    isCompressed: store.compression === 's2',
    serial,
    first,
    last,
    lastSeconds,
    lastNanos,
    // Later eras are none of it.
    eras: eras.filter((era) => era.from <= serial),
    nextBlock: blocks.nextNumber,
    lost: rangesOf(blocks.lost),
    erasing: store.erasures.capture(),
    cells: store.cells.capture(),
  };
}

/** A few at once: the syncs of one are waited for while others are written. None is under way any more when this is over. */
async function writeBlocks(store: FileStore, entries: readonly BlockState[]): Promise<void> {
  const waiting = entries.values();
  const errors: unknown[] = [];
  const writeOn = async () => {
    for (const entry of waiting) {
      if (errors.length > 0) return;
      await writeBlock(store, entry).catch((error) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, writeOn));
  if (errors.length > 0) throw errors[0];
}

async function writeBlock(store: FileStore, entry: BlockState): Promise<void> {
  const { block, slots } = entry;
  const { world } = store;
  const end = block.starts[slots]!;
  const unwritten = block.frames.filter((frame) => frame.position < 0 && frame.isInMemory && frame.start < end);
  const wanted = unwritten.filter((frame) => block.holders > 0 || hasLive(entry, frame));
  // Where sequences are left out, the index stays in the checkpoint: without it nobody knew which ones were removed.
  const mayIndex = block.deltas === null && !block.isInherited;
  const isComplete = block.isSealed && slots === block.slots;
  const isIndexed = mayIndex && isComplete && block.indexPosition < 0;
  const isOutlined = isComplete && block.outline !== null;
  if (wanted.length > 0 || ((isIndexed || isOutlined) && block.fileBytes > 0)) {
    await new BlockWriter(store, block).write(wanted, isIndexed ? slots : null, isComplete);
  }
  if (block.fileBytes > 0) await syncBlock(store, block);
  for (const frame of unwritten) {
    if (frame.position >= 0) world.cache.add(frame);
    else frame.letGo();
  }
  // It may have lost its last message while it was written.
  if (block.isDropped && !store.blocks.dropped.includes(block)) store.blocks.dropped.push(block);
}

function hasLive({ block, slots, gone }: BlockState, frame: BlockFrame): boolean {
  for (let slot = block.slotAtStart(frame.start); slot < slots && block.starts[slot]! < frame.end; slot++) {
    if (gone === null || (gone[slot >>> 3]! & (1 << (slot & 7))) === 0) return true;
  }
  return false;
}

/** Files of blocks without messages go, unless a snapshot still reads them. */
async function removeDropped(store: FileStore, dropped: readonly Block[]): Promise<void> {
  const { disk, files, cache, placed } = store.world;
  for (const [index, block] of dropped.entries()) {
    if (block.holders > 0) {
      store.blocks.dropped.push(block);
      continue;
    }
    for (const frame of block.frames) cache.remove(frame);
    if (block.fileBytes === 0) continue;
    const path = blockPath(store.directory, block.number);
    await shredFrames(store, block);
    await placed.close(block);
    // Blocks of after the end of a process may share a file, and a snapshot may hold one of them.
    const others = [...store.blocks.blocks, ...store.blocks.dropped, ...dropped.slice(index + 1)];
    if (others.some(({ number }) => number === block.number)) continue;
    await files.close(path);
    store.hasRemoved = true;
    await disk.remove(path);
  }
}
