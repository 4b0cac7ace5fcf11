/** The index of a block is damaged: the frames say what is where. What is missing between them is lost, and answered. */
import type { FoundBlock } from '../checkpoint-format.ts';
import type { FileStore } from '../file-store.ts';
import { FrameKind, SECTOR_BYTES } from '../journal/frame-format.ts';
import { RECORD_HEADER_BYTES } from '../journal/record-format.ts';
import { FRAMES_START } from '../journal/segment-format.ts';
import { SegmentReader, type WholeFrame } from '../journal/segment-reader.ts';
import { viewOf } from '../numbers.ts';
import { appendSeqAt } from '../op-format.ts';
import { SequenceRanges } from '../sequence-ranges.ts';
import type { StoreWorld } from '../store-world.ts';
import type { Block } from './block.ts';
import { blockFamily, blockPath } from './block-file.ts';
import { BlockFrame } from './block-frame.ts';

export async function rebuildBlock(world: StoreWorld, store: FileStore, entry: FoundBlock): Promise<SequenceRanges> {
  const { block, lastSeq } = entry;
  const { gone, damaged } = block;
  block.gone = null;
  block.damaged = null;
  const path = blockPath(store.directory, block.number);
  const family = blockFamily(world, store, block.number);
  const lock = { cipher: block.cipher };
  block.indexPosition = -1;
  const frames: FoundRecords[] = [];
  await world.files.use(path, async (file) => {
    const reader = new SegmentReader(file, Math.min(await file.size(), block.fileBytes), family, lock);
    for (let position = FRAMES_START; position < reader.size; ) {
      const found = await reader.frameAt(position);
      if (!found.isWhole) {
        position += SECTOR_BYTES;
        continue;
      }
      if (found.header.kind === FrameKind.records) frames.push(recordsOf(found, position));
      position = found.end;
    }
  });
  // Large messages are written before the small ones that came between them, and what failed may be there twice.
  frames.sort((one, other) => one.sequences[0]! - other.sequences[0]!);
  for (const found of frames) if (block.slots === 0 || found.sequences[0]! > block.lastSeq) take(block, found);
  const lost = remapGone(block, gone, damaged, lastSeq);
  for (const { from, to } of lost.list) store.blocks.lost.add(from, to);
  return lost;
}

/**
 * Only blocks without left-out sequences keep their index in the file, so what was removed is known by the sequence. What is in no frame
 * and was not removed is lost.
 */
function remapGone(block: Block, gone: Uint8Array | null, damaged: Uint8Array | null, lastSeq: number): SequenceRanges {
  const { base } = block;
  const has = (bits: Uint8Array | null, seq: number) =>
    bits !== null && (bits[(seq - base) >>> 3]! & (1 << ((seq - base) & 7))) !== 0;
  const lost = new SequenceRanges();
  let next = base;
  for (let slot = 0; slot <= block.slots; slot++) {
    const seq = slot === block.slots ? lastSeq + 1 : block.seqAt(slot);
    // What was damaged before is known to be lost already.
    for (; next < seq; next++) if (!has(gone, next) && !has(damaged, next)) lost.add(next, next);
    if (slot < block.slots && has(gone, seq)) block.remove(slot);
    else if (slot < block.slots && has(damaged, seq)) block.markDamaged(slot);
    next = seq + 1;
  }
  return lost;
}

interface FoundRecords {
  readonly position: number;
  readonly storedBytes: number;
  readonly length: number;
  readonly sequences: readonly number[];
  readonly sizes: readonly number[];
}

function recordsOf(found: WholeFrame, position: number): FoundRecords {
  const view = viewOf(found.bytes);
  const [sequences, sizes]: [number[], number[]] = [[], []];
  for (let at = found.from; at < found.to; ) {
    const size = RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
    sequences.push(appendSeqAt(view, at + RECORD_HEADER_BYTES));
    sizes.push(size);
    at += size;
  }
  return { position, storedBytes: found.end - position, length: found.to - found.from, sequences, sizes };
}

/** Adds a frame's messages to the index. */
function take(block: Block, { position, storedBytes, length, sequences, sizes }: FoundRecords): void {
  const frame = new BlockFrame(block.end, false);
  Object.assign(frame, { length, recordCount: sequences.length, position, storedBytes, isSealed: true });
  block.frames.push(frame);
  for (const [index, seq] of sequences.entries()) block.add(seq, sizes[index]!);
}
