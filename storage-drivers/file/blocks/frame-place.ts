/** Whether what was read from the place of a frame is that frame: another of the same file, as long as it is, passes its own checks too. */
import { RECORD_HEADER_BYTES } from '../journal/record-format.ts';
import { viewOf } from '../numbers.ts';
import { appendSeqAt } from '../op-format.ts';
import type { Block } from './block.ts';
import type { BlockFrame } from './block-frame.ts';

/** The records stand in `bytes` from `from` on. Those of a frame follow each other: one that is right says it of all. */
export function isInPlace(block: Block, frame: BlockFrame, bytes: Uint8Array, from: number): boolean {
  const view = viewOf(bytes);
  for (let slot = block.slotAtStart(frame.start); slot < block.slots && block.starts[slot]! < frame.end; slot++) {
    if (!block.isThere(slot)) continue;
    const at = from + block.starts[slot]! - frame.start;
    return appendSeqAt(view, at + RECORD_HEADER_BYTES) === block.seqAt(slot);
  }
  return true;
}
