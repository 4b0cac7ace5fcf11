/** Reads a segment again that was written by this process or read by it once. */
import type { Disk } from '../../../kernel/plugin-api.ts';
import { type FoundSegment, openSegment, type ReadOptions } from './find-segments.ts';
import { FRAMES_START } from './segment-format.ts';

export interface DamagedSegment {
  readonly path: string;
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** `limit`: the number of the first frame that is not in it, or not synced yet. */
export async function checkSegment(
  disk: Disk,
  segment: FoundSegment,
  limit: number,
  options: ReadOptions,
  pace: (bytes: number) => Promise<void>,
): Promise<DamagedSegment | null> {
  const { path } = segment.slot;
  const damage = (from: number, to: number) => ({ path, generation: segment.generation, from, to });
  const opened = await openSegment(disk, segment, options).catch(() => null);
  if (opened === null) return damage(0, 0);
  const { file, reader } = opened;
  try {
    let [position, read] = [FRAMES_START, FRAMES_START];
    for (let number = segment.firstFrame ?? segment.lowestFrame; number < limit; number++) {
      const found = reader.frameInWindow(position) ?? (await reader.frameAt(position));
      if (!found.isWhole || found.header.number !== number) return damage(position, segment.slot.bytes);
      position = found.end;
      if (position - read < PACE_BYTES) continue;
      await pace(position - read);
      read = position;
    }
    return null;
  } finally {
    await file.close();
  }
}

const PACE_BYTES = 256 * 1024;
