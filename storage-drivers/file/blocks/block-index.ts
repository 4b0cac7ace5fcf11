/** Where the messages and frames of a block are, as bytes: behind the frames of a full block, or in the checkpoint of its store. */
import { ByteReader, ByteWriter } from '../../derived/byte-writer.ts';
import { APPEND_OVERHEAD } from '../op-format.ts';
import type { Block } from './block.ts';
import { BlockFrame } from './block-frame.ts';

interface PlaceInFile {
  readonly position: number;
  readonly storedBytes: number;
}

/** Frames that have no place in the file are left out: nothing in them is there any more. Those behind the last slot came later. */
export function writeIndex(block: Block, placeOf: (frame: BlockFrame) => PlaceInFile, slots = block.slots): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(slots);
  writer.words(block.starts, slots + 1);
  writer.u8(block.deltas === null ? 0 : 1);
  if (block.deltas !== null) writer.words(block.deltas, slots);
  const end = block.starts[slots]!;
  const frames = block.frames.filter((frame) => placeOf(frame).position >= 0 && frame.start < end);
  writer.u32(frames.length);
  for (const frame of frames) {
    const { position, storedBytes } = placeOf(frame);
    writer.u32(frame.start);
    writer.u32(frame.length);
    writer.u32(frame.recordCount);
    writer.u64(position);
    writer.u32(storedBytes);
  }
  return writer.written;
}

export function readIndex(bytes: Uint8Array, block: Block): void {
  const reader = new ByteReader(bytes);
  const slots = reader.u32();
  block.slots = slots;
  block.starts = reader.words(slots + 1, slots + 1);
  block.deltas = reader.u8() === 0 ? null : reader.words(slots, slots + 1);
  const count = reader.u32();
  for (let index = 0; index < count; index++) {
    const frame = new BlockFrame(reader.u32(), false);
    frame.length = reader.u32();
    frame.recordCount = reader.u32();
    frame.position = reader.u64();
    frame.storedBytes = reader.u32();
    frame.isSealed = true;
    block.frames.push(frame);
  }
  recount(block);
}

/** What is there, by the bits of what is gone and what is damaged. */
export function recount(block: Block): void {
  block.hurt = 0;
  if (block.gone === null && block.damaged === null) {
    block.live = block.slots;
    block.liveBytes = block.end - block.slots * APPEND_OVERHEAD;
    return;
  }
  block.live = 0;
  block.liveBytes = 0;
  for (let slot = 0; slot < block.slots; slot++) {
    if (block.isGone(slot)) continue;
    if (block.isDamaged(slot)) block.hurt++;
    else {
      block.live++;
      block.liveBytes += block.contentLength(slot);
    }
  }
}
