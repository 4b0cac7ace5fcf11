/** Destroys messages in the blocks of their store (S-24). They were removed before, and that is durable. */
import type { Block } from './blocks/block.ts';
import { blockFamily, blockPath, type FrameContent, sealBlockFrame } from './blocks/block-file.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { syncFile } from './blocks/block-writer.ts';
import { ROOM_BEHIND } from './blocks/frame-memory.ts';
import { loadFrames } from './blocks/load-frames.ts';
import { blotSurplus } from './blot-surplus.ts';
import { takeCheckpoint } from './checkpoint.ts';
import { readAt, writeAt } from './file-calls.ts';
import type { FileStore } from './file-store.ts';
import { exchangeFrame } from './frame-exchange.ts';
import {
  bodyChecksum,
  FRAME_TRAILER_BYTES,
  FrameFlag,
  type FrameHeader,
  FrameKind,
  headBytes,
  headSumAt,
  readFrameHead,
} from './journal/frame-format.ts';
import { viewOf } from './numbers.ts';
import { rewriteBlocks } from './rewrite-blocks.ts';
import { S2 } from './s2-compression.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import { shredOutline } from './shred-frames.ts';
import { wipeRecord } from './wipe-record.ts';

const HEAD_BYTES = headBytes(1);
const NUMBER_STEP = 2 ** 32;
const EXCHANGED_MAX = 8;

/** Answers what snapshots hold, and has to stay until they are released. Nobody else touches the blocks meanwhile. */
export async function eraseInBlocks(store: FileStore, ranges: SequenceRanges): Promise<SequenceRanges> {
  await blotSurplus(store);
  const held = new SequenceRanges();
  const going: Block[] = [];
  for (const block of [...store.blocks.blocks, ...store.blocks.dropped]) {
    const frames = framesWith(block, ranges);
    if (frames.size === 0) continue;
    if (block.holders === 0) await shredOutline(store, block);
    if (block.holders > 0) hold(block, frames, held);
    else if (block.isDropped || !(await eraseIn(store, block, frames))) {
      block.shredded = [...frames.keys()];
      going.push(block);
    }
  }
  for (const block of going) if (!block.isDropped) await replace(store, block);
  // Only when a checkpoint says that they are not needed, files are overwritten and removed.
  if (going.length > 0) await takeCheckpoint(store);
  if (store.hasRemoved) await store.world.disk.syncDirectory(store.directory);
  store.hasRemoved = false;
  return held;
}

/** The frames of a block that hold messages of the ranges, and which. */
function framesWith(block: Block, ranges: SequenceRanges): Map<BlockFrame, number[]> {
  const frames = new Map<BlockFrame, number[]>();
  if (block.slots === 0) return frames;
  for (const { from, to } of ranges.list) {
    for (let slot = block.slotFrom(from); slot < block.slots && block.seqAt(slot) <= to; slot++) {
      // What came later under a sequence of the range stays. Of a block that goes nothing has to.
      if (!block.isDropped && !block.isGone(slot)) continue;
      const frame = block.frameOf(slot);
      // It may be one that was left out, because all in it was gone before it was ever written.
      if (frame === undefined || !isWithin(block, slot, frame)) continue;
      frames.set(frame, [...(frames.get(frame) ?? []), slot]);
    }
  }
  return frames;
}

function isWithin(block: Block, slot: number, frame: BlockFrame): boolean {
  return block.starts[slot]! >= frame.start && block.starts[slot + 1]! <= frame.end;
}

function hold(block: Block, frames: ReadonlyMap<BlockFrame, number[]>, held: SequenceRanges): void {
  for (const slots of frames.values()) for (const slot of slots) held.add(block.seqAt(slot), block.seqAt(slot));
}

/** In place. False when the block has to be written anew instead. */
async function eraseIn(store: FileStore, block: Block, frames: ReadonlyMap<BlockFrame, number[]>): Promise<boolean> {
  const isSealed = block.cipher !== null || (store.compression ?? store.world.compression) !== 'none';
  // Each takes some syncs.
  if (isSealed && frames.size > EXCHANGED_MAX) return false;
  for (const [frame, slots] of frames) {
    if (frame.position < 0) wipeSlots(block, frame, slots);
    else if (!(await eraseInFile(store, block, frame, slots))) return false;
  }
  return true;
}

/** In memory; a frame that is not there holds nothing. */
function wipeSlots(block: Block, frame: BlockFrame, slots: readonly number[]): void {
  if (!frame.isInMemory) return;
  for (const slot of slots) {
    const [start, end] = [block.starts[slot]! - frame.start, block.starts[slot + 1]! - frame.start];
    wipeRecord(frame.bytes, frame.view, start, end);
  }
}

/**
 * The frame stays as long as it is, with another checksum at its end. If a power cut comes in between, the other records are told from what
 * is torn by their own checksums, and it is done again.
 */
async function eraseInFile(store: FileStore, block: Block, frame: BlockFrame, slots: readonly number[]) {
  const path = blockPath(store.directory, block.number);
  const head = new Uint8Array(HEAD_BYTES);
  const file = await store.world.disk.open(path, 'update').catch(() => null);
  if (file === null) return false;
  try {
    if ((await readAt(file, head, frame.position)) < HEAD_BYTES) return false;
    const view = viewOf(head);
    const header = readFrameHead(head, view, 0, blockFamily(store.world, store, block.number));
    if (header === null || header.plainLength !== frame.length || !(await isLoaded(store, block, frame))) return false;
    wipeSlots(block, frame, slots);
    const isPlain = (header.flags & (FrameFlag.compressed | FrameFlag.encrypted)) === 0;
    if (!isPlain) return exchange(store, block, frame, header);
    const body = new Uint8Array(frame.length + FRAME_TRAILER_BYTES);
    body.set(frame.bytes.subarray(0, frame.length));
    const sum = bodyChecksum(body, 0, frame.length, headSumAt(view, 0));
    viewOf(body).setUint32(frame.length, sum, true);
    await frame.changing(async () => {
      await writeAt(file, [body], frame.position + HEAD_BYTES);
      await syncFile(file, block);
    });
    return true;
  } finally {
    await file.close();
  }
}

/**
 * What is sealed stays as long as it is too, or becomes shorter. No number is used twice under a key: those of the frames of a block are
 * far below the step, and each time that a frame is changed its number goes up by one.
 */
async function exchange(store: FileStore, block: Block, frame: BlockFrame, { number, chain, flags }: FrameHeader) {
  const { world, directory } = store;
  const content = roomyCopy(frame);
  const place = { store: store.number, block: block.number, number: number + NUMBER_STEP, chain };
  if (place.number > Number.MAX_SAFE_INTEGER) return false;
  const pieces: Uint8Array[] = [];
  const sealing = { cipher: block.cipher, compression: (flags & FrameFlag.compressed) === 0 ? null : S2 };
  const { length } = sealBlockFrame(world.uuid, content, FrameKind.records, place, sealing, pieces);
  if (length > frame.storedBytes) return false;
  const bytes = new Uint8Array(frame.storedBytes);
  bytes.set(Buffer.concat(pieces));
  try {
    await exchangeFrame(world, directory, block.number, frame, bytes);
  } catch (error) {
    block.isDoubtful = true;
    throw error;
  }
  store.hasRemoved = true;
  return true;
}

function roomyCopy({ bytes, length, recordCount }: BlockFrame): FrameContent {
  const roomy = new Uint8Array(length + ROOM_BEHIND);
  roomy.set(bytes.subarray(0, length));
  return { bytes: roomy, view: viewOf(roomy), length, recordCount };
}

/** What a power cut tore in an erasure is no damage, as long as nothing is lost by it. */
async function isLoaded(store: FileStore, block: Block, frame: BlockFrame): Promise<boolean> {
  if (frame.isInMemory) return true;
  const { world, care } = store;
  await loadFrames(world, store, block, [frame], (damage) => {
    if (damage.records > 0) care.onDamage(damage);
    else frame.isBroken = false;
    block.isBroken = block.frames.some(({ isBroken }) => isBroken);
  });
  if (frame.isInMemory) world.cache.add(frame);
  return frame.isInMemory;
}

async function replace(store: FileStore, block: Block): Promise<void> {
  if (block.live === 0) store.blocks.discard(block);
  else if ((await rewriteBlocks(store, [block])) === 0) {
    throw new Error(`block ${block.number} of '${store.id}' cannot be written without what was erased`);
  }
}
