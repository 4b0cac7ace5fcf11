/** A frame of one record that says something of its block: its index, or its outline. */
import { codeOf } from '../file-calls.ts';
import { RECORD_HEADER_BYTES } from '../journal/record-format.ts';
import { SegmentReader } from '../journal/segment-reader.ts';
import type { OpenFiles } from '../open-files.ts';
import type { Block } from './block.ts';
import { type BlockHome, type BlockWorld, blockFamily, blockPath } from './block-file.ts';

const WINDOW_BYTES = 256 * 1024;

/** What it holds; null when it is not there, or not whole. */
export async function readSingleFrame(
  world: BlockWorld & { readonly files: OpenFiles },
  home: BlockHome,
  block: Block,
  kind: number,
  position: number,
): Promise<Uint8Array | null> {
  const path = blockPath(home.directory, block.number);
  const family = blockFamily(world, home, block.number);
  const lock = { cipher: block.cipher };
  try {
    return await world.files.use(path, async (file) => {
      // Little stands behind it.
      const window = Math.min(WINDOW_BYTES, block.fileBytes - position);
      const reader = new SegmentReader(file, await file.size(), family, lock, window);
      const found = await reader.frameAt(position);
      if (!found.isWhole || found.header.kind !== kind) return null;
      return new Uint8Array(found.bytes.subarray(found.from + RECORD_HEADER_BYTES, found.to));
    });
  } catch (error) {
    if (codeOf(error) === 'EIO') return null;
    throw error;
  }
}
