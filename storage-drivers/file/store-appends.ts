/** The two ways of a message into a store: through the journal, or to its block at once. */
import { type MessageBytes, Refused } from '../contract.ts';
import type { FileStore } from './file-store.ts';
import { RECORD_HEADER_BYTES } from './journal/record-format.ts';
import type { StoreWriter } from './store-writer.ts';

/** In the journal, and in memory until it is written to a block. */
export function keepMessage(
  store: FileStore,
  writer: StoreWriter,
  seq: number,
  seconds: number,
  nanos: number,
  flags: number,
  message: MessageBytes,
  size: number,
): number {
  const ticket = writer.append(seq, seconds, nanos, flags, message);
  if (ticket < 0) return ticket;
  const { blocks, world } = store;
  const { bytes, isOwnMemory } = writer.journal;
  if (blocks.count === 0) store.first = seq;
  blocks.append(seq, bytes, writer.placedAt - RECORD_HEADER_BYTES, size, isOwnMemory);
  if (blocks.shouldBeWritten(world.options.dirtyBytesPerStore)) world.keeper.wantsCheckpoint(store);
  world.keeper.dirtied(size);
  return ticket;
}

/** What is large goes to its block at once, where no sync is waited for. A new store has no folder yet. */
export function mayBePlaced({ world, compression, checkpointSerial }: FileStore, size: number): boolean {
  if (size < world.placedBytesMin || checkpointSerial === 0 || !world.placed.isOpen) return false;
  return (compression ?? world.compression) === 'none';
}

/** In a frame that is written to the block before the journal says that it is there. */
export function placeMessage(
  store: FileStore,
  writer: StoreWriter,
  seq: number,
  seconds: number,
  nanos: number,
  flags: number,
  message: MessageBytes,
  size: number,
): number {
  const { blocks, world } = store;
  const { placed, options, keeper } = world;
  if (placed.isFull(size)) {
    placed.refusals++;
    keeper.wantsCheckpoint(store);
    return Refused.full;
  }
  const at = writer.beginPlaced();
  if (at < 0) return at;
  const block = blocks.blockToPlace(seq, size);
  const ticket = writer.endPlaced(at, seq, block.number, size);
  if (blocks.count === 0) store.first = seq;
  const frame = blocks.place(block, seq, size);
  store.hasPlaced = true;
  writer.fill(frame.bytes, frame.view, frame.length - size, seq, seconds, nanos, flags, message);
  placed.add(store, block, frame, size);
  if (placed.unsavedOf(store) > options.placedBytesPerStore) keeper.wantsCheckpoint(store);
  return ticket;
}
