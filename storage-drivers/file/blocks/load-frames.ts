/** Brings frames of a block in from its file. What is damaged is found here, record by record where that is possible. */

import { FRAME_HEADER_BYTES, FrameKind } from '../journal/frame-format.ts';
import { recordEnd } from '../journal/record-format.ts';
import { SegmentReader } from '../journal/segment-reader.ts';
import { viewOf } from '../numbers.ts';
import type { OpenFiles } from '../open-files.ts';
import type { Block } from './block.ts';
import { type BlockWorld, blockPath } from './block-file.ts';
import type { BlockFrame } from './block-frame.ts';

export interface LoadEvents {
  /** Messages of the block turned out to be damaged. */
  damaged(block: Block, firstSlot: number, lastSlot: number): void;
}

export async function loadFrames(
  world: BlockWorld,
  files: OpenFiles,
  directory: string,
  block: Block,
  frames: readonly BlockFrame[],
  events: LoadEvents,
): Promise<void> {
  const path = blockPath(directory, block.number);
  const bytes = frames.reduce((sum, frame) => sum + frame.storedBytes, 0);
  const family = { uuid: world.uuid, generation: block.number };
  try {
    await files.use(path, async (file) => {
      const lock = { cipher: block.cipher };
      const reader = new SegmentReader(file, await file.size(), family, lock, bytes);
      for (const frame of frames) await loadFrame(reader, block, frame, events);
    });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    // The file is gone, and with it all that was in it.
    for (const frame of frames) lose(block, frame, events);
  }
}

async function loadFrame(reader: SegmentReader, block: Block, frame: BlockFrame, events: LoadEvents): Promise<void> {
  if (frame.isInMemory) return;
  const found = await reader.frameAt(frame.position);
  const isRight = found.isWhole && found.header.kind === FrameKind.records && found.to - found.from === frame.length;
  if (isRight) frame.bringIn(new Uint8Array(found.bytes.subarray(found.from, found.to)));
  else await salvage(reader, block, frame, events);
}

/** A frame that is broken may hold records that are not. */
async function salvage(reader: SegmentReader, block: Block, frame: BlockFrame, events: LoadEvents): Promise<void> {
  const from = frame.position + FRAME_HEADER_BYTES + 4;
  if (block.cipher !== null || from + frame.length > reader.size) {
    lose(block, frame, events);
    return;
  }
  const { bytes, at } = await reader.bytesAt(from, frame.length);
  const records = bytes.slice(at, at + frame.length);
  const view = viewOf(records);
  for (let slot = block.slotAtStart(frame.start); slot < block.slots && block.starts[slot]! < frame.end; slot++) {
    const start = block.starts[slot]! - frame.start;
    const end = block.starts[slot + 1]! - frame.start;
    if (recordEnd(records, view, start, end) !== end && block.markDamaged(slot)) events.damaged(block, slot, slot);
  }
  frame.bringIn(records);
}

function lose(block: Block, frame: BlockFrame, events: LoadEvents): void {
  const first = block.slotAtStart(frame.start);
  let last = first - 1;
  for (let slot = first; slot < block.slots && block.starts[slot]! < frame.end; slot++) {
    block.markDamaged(slot);
    last = slot;
  }
  if (last >= first) events.damaged(block, first, last);
}
