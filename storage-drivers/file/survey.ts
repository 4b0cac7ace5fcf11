/** Shows what a store holds without reading it: by the outlines of its blocks. */
import type { StoredRecord } from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import type { Block } from './blocks/block.ts';
import { OutlineReader } from './blocks/block-outline.ts';
import { readSingleFrame } from './blocks/single-frame.ts';
import { Breath } from './breath.ts';
import { codeOf } from './file-calls.ts';
import type { FileStore } from './file-store.ts';
import { FrameKind } from './journal/frame-format.ts';

/** Answers where to go on: at what has no outline, or beyond the last. */
export async function surveyBlocks(
  store: FileStore,
  from: number,
  visit: (record: StoredRecord) => void,
): Promise<number> {
  const record = new RecordView();
  const breath = new Breath(store.world.ports.clock);
  let next = from;
  for (;;) {
    const block = store.blocks.blocks[store.blocks.indexFrom(next)];
    if (block === undefined) return Math.max(next, store.last + 1);
    const reader = await outlineOf(store, block);
    if (reader === null) return next;
    while (reader.read()) await breath.take();
    while (reader.next(record)) {
      if (record.seq < next) continue;
      visit(record);
      if (breath.isDue(0)) await breath.take();
    }
    next = block.lastSeq + 1;
  }
}

async function outlineOf(store: FileStore, block: Block): Promise<OutlineReader | null> {
  if (block.outlinePosition < 0) return null;
  const { world } = store;
  const bytes = await readSingleFrame(world, store, block, FrameKind.outline, block.outlinePosition).catch((error) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  return bytes === null ? null : new OutlineReader(bytes, block);
}
