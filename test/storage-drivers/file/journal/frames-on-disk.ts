/** What a journal holds, frame by frame, as far as the format goes. */
import { findSegments, readerOf } from '../../../../storage-drivers/file/journal/find-segments.ts';
import { FRAME_HEADER_BYTES, FrameKind } from '../../../../storage-drivers/file/journal/frame-format.ts';
import { RECORD_HEADER_BYTES } from '../../../../storage-drivers/file/journal/record-format.ts';
import { FRAMES_START } from '../../../../storage-drivers/file/journal/segment-format.ts';
import { viewOf } from '../../../../storage-drivers/file/numbers.ts';
import type { JournalWorld } from './journal-world.ts';

export interface FrameOnDisk {
  readonly path: string;
  readonly offset: number;
  readonly number: number;
  readonly stores: readonly number[];
  /** Store and data of each record. */
  readonly records: readonly string[];
}

/** The frames of all segments; those that only repeat what is carried along are left out. */
export async function framesOf(world: JournalWorld): Promise<FrameOnDisk[]> {
  const { directory, uuid, keys } = world.options;
  const { needed } = await world.until(findSegments(world.disk, directory, uuid, keys));
  const frames: FrameOnDisk[] = [];
  for (const segment of needed) {
    const { path } = segment.slot;
    const file = await world.until(world.disk.open(path, 'read'));
    const reader = readerOf(file, segment, { uuid });
    for (let offset = FRAMES_START; ; ) {
      const found = await world.until(reader.frameAt(offset));
      if (!found.isWhole) break;
      if (found.header.kind === FrameKind.records) {
        const { bytes, from, to, header } = found;
        const list = viewOf(world.disk.readFileSync(path));
        const stores = Array.from({ length: header.storeCount }, (_, index) =>
          list.getUint32(offset + FRAME_HEADER_BYTES + 4 * index, true),
        );
        frames.push({ path, offset, number: header.number, stores, records: recordsOf(bytes, from, to) });
      }
      offset = found.end;
    }
    await file.close();
  }
  return frames;
}

function recordsOf(bytes: Uint8Array, from: number, to: number): string[] {
  const view = viewOf(bytes);
  const records: string[] = [];
  for (let at = from; at < to; ) {
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
    const data = Buffer.from(bytes.subarray(at + RECORD_HEADER_BYTES, end)).toString();
    records.push(`${view.getUint32(at + 8, true)}: ${data}`);
    at = end;
  }
  return records;
}
