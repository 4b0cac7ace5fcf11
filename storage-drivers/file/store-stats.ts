/** What a store takes, in memory and on disk. */
import type { BlockList } from './blocks/block-list.ts';
import type { FileCells } from './file-cells.ts';

interface Measured {
  readonly blocks: BlockList;
  readonly cells: FileCells;
  readonly checkpointBytes: number;
}

export function statsOf({ blocks, cells, checkpointBytes }: Measured) {
  return {
    memoryBytes: blocks.memoryBytes + cells.bytes,
    diskBytes: blocks.blocks.reduce((sum, block) => sum + block.fileBytes, checkpointBytes),
    blocks: blocks.blocks.length,
    holes: blocks.lost.size,
  };
}
