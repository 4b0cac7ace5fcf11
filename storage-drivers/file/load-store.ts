/** Brings a store back from its folder: the checkpoint, and the index of each block. */
import type { Block } from './blocks/block.ts';
import { blockPath } from './blocks/block-file.ts';
import { readIndex, recount } from './blocks/block-index.ts';
import { rebuildBlock } from './blocks/rebuild-block.ts';
import { readSingleFrame } from './blocks/single-frame.ts';
import type { FoundBlock } from './checkpoint-format.ts';
import { FileStore } from './file-store.ts';
import { FrameKind } from './journal/frame-format.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import {
  damagedCheckpoints,
  type FoundCheckpoint,
  listBlocks,
  readCheckpointFiles,
  storeDirectory,
} from './store-files.ts';
import type { StoreWorld } from './store-world.ts';

export interface LoadedStore {
  readonly store: FileStore;
  /** Blocks that the checkpoint does not name: dropped, or written for a checkpoint that never came to be. */
  readonly strays: readonly number[];
}

/** The store of a folder; null when nothing in it says which one it is. */
export async function loadStore(world: StoreWorld, number: number): Promise<LoadedStore | null> {
  const directory = storeDirectory(world, number);
  const found = await readCheckpointFiles(world, directory, number);
  if (found === null) return null;
  if (found.isDamaged) await tellOfCopies(world, number, directory, found);
  return restore(world, number, directory, found);
}

/** One that is not there may never have been: a power cut between the two leaves the first of them alone. */
async function tellOfCopies(world: StoreWorld, number: number, directory: string, { state }: FoundCheckpoint) {
  for (const { path, bytes, cause } of await damagedCheckpoints(world, directory, number)) {
    if (cause === 'missing') continue;
    const nothing = { lost: [], records: 0, bytes: 0 };
    world.damage.found({ store: state.id, part: 'checkpoint', path, from: 0, to: bytes, cause, ...nothing });
  }
}

async function restore(
  world: StoreWorld,
  number: number,
  directory: string,
  found: FoundCheckpoint,
): Promise<LoadedStore> {
  const { state } = found;
  const store = new FileStore(state.id, number, directory, world, 1);
  Object.assign(store, {
    first: state.first,
    last: state.last,
    lastSeconds: state.lastSeconds,
    lastNanos: state.lastNanos,
    isStaged: state.isStaged,
    isAmnesiac: state.isAmnesiac,
    compression: state.isCompressed ? 's2' : null,
    eras: [...state.eras],
    serial: state.serial,
    checkpointSerial: state.serial,
    isCheckpointStale: found.isStale,
  });
  store.blocks.nextNumber = state.nextBlock;
  store.cells.restore(new Map([...state.cells].map(([name, [value]]) => [name, value!])));
  for (const { from, to } of state.lost) store.blocks.lost.add(from, to);
  store.erasures.restore(state.erasing);
  const numbers = new Set(await listBlocks(world, directory));
  const strays = new Set(numbers);
  const blocks: Block[] = [];
  for (const entry of found.blocks) {
    entry.block.mayHaveSurplus = !found.isDamaged;
    const isMissing = entry.block.fileBytes > 0 && !numbers.has(entry.block.number);
    if (isMissing) {
      loseBlock(store, entry);
      store.isCheckpointStale = true;
    } else if (await readBlock(world, store, entry)) blocks.push(entry.block);
    strays.delete(entry.block.number);
  }
  store.blocks.restore(blocks);
  store.first = store.count === 0 ? store.last + 1 : store.blocks.firstFrom(0);
  for (const stray of strays) store.blocks.nextNumber = Math.max(store.blocks.nextNumber, stray + 1);
  // As long as a copy of the checkpoint is damaged they stay where they are.
  return { store, strays: found.isDamaged ? [] : [...strays] };
}

/** The file is gone, and with it whatever of it was there. */
function loseBlock(store: FileStore, { block, slots, hasIndex }: FoundBlock): void {
  const { lost } = store.blocks;
  const gone = new SequenceRanges();
  let bytes = 0;
  for (let slot = 0; slot < slots; slot++) {
    // Only blocks without left-out sequences keep their index in the file.
    const seq = hasIndex ? block.base + slot : block.seqAt(slot);
    if (block.isGone(slot)) continue;
    gone.add(seq, seq);
    if (!hasIndex) bytes += block.contentLength(slot);
  }
  for (const { from, to } of gone.list) lost.add(from, to);
  const path = blockPath(store.directory, block.number);
  const what = { lost: [...gone.list], records: gone.size, bytes };
  store.world.damage.found({ store: store.id, part: 'block', path, from: 0, to: 0, cause: 'missing', ...what });
}

async function readBlock(world: StoreWorld, store: FileStore, entry: FoundBlock): Promise<boolean> {
  const { block, slots, hasIndex } = entry;
  if (hasIndex) {
    const index = await readSingleFrame(world, store, block, FrameKind.index, block.indexPosition);
    if (index === null) await rebuild(world, store, entry);
    else {
      readIndex(index, block);
      if (block.slots > slots) block.slots = slots;
    }
  }
  recount(block);
  return block.slots > 0;
}

async function rebuild(world: StoreWorld, store: FileStore, entry: FoundBlock): Promise<void> {
  const { block } = entry;
  const [from, to] = [block.indexPosition, block.fileBytes];
  const lost = await rebuildBlock(world, store, entry);
  block.isBroken = true;
  const path = blockPath(store.directory, block.number);
  const what = { lost: [...lost.list], records: lost.size, bytes: 0 };
  world.damage.found({ store: store.id, part: 'index', path, from, to, cause: 'checksum', ...what });
}
