/** Writes frames to the files of blocks, and waits until they are safe. */
import type { OpenFile } from '../../../kernel/plugin-api.ts';
import { Breath } from '../breath.ts';
import { datasync, writeAt } from '../file-calls.ts';
import { FrameKind } from '../journal/frame-format.ts';
import { RECORD_HEADER_BYTES, writeRecordHeader } from '../journal/record-format.ts';
import { viewOf } from '../numbers.ts';
import type { Block } from './block.ts';
import { type BlockOwner, type BlockWorld, blockPath, type FrameContent } from './block-file.ts';
import type { BlockFrame } from './block-frame.ts';
import { writeIndex } from './block-index.ts';
import { BlockTail, type FramePlaceInFile, type Run } from './block-tail.ts';

const END_ROOM = 1024;

/** Writes frames of one block behind those that are there. */
export class BlockWriter {
  private readonly owner: BlockOwner;
  private readonly world: BlockWorld;
  private readonly directory: string;
  private readonly block: Block;

  constructor(owner: BlockOwner, block: Block) {
    this.owner = owner;
    this.world = owner.world;
    this.directory = owner.directory;
    this.block = block;
  }

  /** The frames get their places once they are safe. With an index, so many messages are in it; with an outline, the block is full. */
  async write(frames: readonly BlockFrame[], indexedSlots: number | null, hasOutline: boolean): Promise<void> {
    const { block } = this;
    while (block.making !== null) await block.making;
    const tail = new BlockTail(this.owner, block);
    if (tail.isNew) block.isTaken = true;
    try {
      const written = this.writeTo(tail, frames, indexedSlots, hasOutline);
      if (tail.isNew) block.making = written.catch(() => {});
      await written;
    } finally {
      if (tail.isNew) {
        block.making = null;
        block.isTaken = false;
      }
    }
  }

  private async writeTo(
    tail: BlockTail,
    frames: readonly BlockFrame[],
    indexedSlots: number | null,
    hasOutline: boolean,
  ): Promise<void> {
    const { block } = this;
    const places = await this.addAll(frames, tail);
    const outline = hasOutline && block.outline !== null ? singleRecord(block.outline.written) : null;
    const outlinePlace = outline === null ? null : tail.add(outline, FrameKind.outline);
    const index = indexedSlots === null ? null : indexBody(block, frames, places, indexedSlots);
    const indexPlace = index === null ? null : tail.add(index, FrameKind.index);
    try {
      await this.put(tail.runs, tail.isNew);
    } catch (error) {
      // What stands there now may be anything: it goes, and its room is free again.
      const end = tail.giveUp();
      if (end >= 0) await this.takeAway(end, tail.isNew);
      throw error;
    }
    for (const [at, frame] of frames.entries()) Object.assign(frame, places[at]);
    if (indexPlace !== null) block.indexPosition = indexPlace.position;
    if (outlinePlace === null) return;
    block.outlinePosition = outlinePlace.position;
    block.outlineBytes = outlinePlace.storedBytes;
    block.outline = null;
  }

  private async addAll(frames: readonly BlockFrame[], tail: BlockTail): Promise<FramePlaceInFile[]> {
    const places: FramePlaceInFile[] = [];
    const breath = new Breath(this.world.clock);
    for (const frame of frames) {
      places.push(tail.addRecords(frame));
      if (breath.isDue(frame.length)) await breath.take();
    }
    return places;
  }

  /** Where it can not be done nothing is written in that place again. Nobody gets a place meanwhile that is cut off with it. */
  private async takeAway(position: number, isNew: boolean): Promise<void> {
    const { block } = this;
    const path = blockPath(this.directory, block.number);
    if (isNew) {
      await this.world.disk.remove(`${path}.tmp`).catch(() => {});
      return;
    }
    const shortening = this.shorten(path, position).then(
      () => {
        block.fileBytes = position;
      },
      () => {},
    );
    block.making = shortening;
    await shortening;
    block.making = null;
  }

  private async shorten(path: string, bytes: number): Promise<void> {
    const file = await this.world.disk.open(path, 'update');
    await file.truncate(bytes).finally(() => file.close());
  }

  private async put(runs: readonly Run[], isNew: boolean): Promise<void> {
    const { disk } = this.world;
    const { block } = this;
    const path = blockPath(this.directory, block.number);
    const name = isNew ? `${path}.tmp` : path;
    const { writes } = block;
    if (isNew) await disk.remove(name);
    const file = await disk.open(name, isNew ? 'create' : 'update');
    try {
      for (const { pieces, from } of runs) await writeAt(file, pieces, from);
      await syncFile(file, block);
    } finally {
      await file.close();
    }
    // Another sync of the file failed meanwhile, perhaps of what was written here.
    if (block.isDoubtful) throw notBelieved(path);
    block.safeWrites = Math.max(block.safeWrites, writes);
    if (isNew) await disk.rename(name, path);
    if (isNew || !block.hasSafeName) await disk.syncDirectory(this.directory);
    block.hasSafeName = true;
  }
}

/** What was written to the block's file and not waited for is safe afterwards. */
export async function syncBlock({ world, directory }: BlockOwner, block: Block): Promise<void> {
  const { writes } = block;
  if (block.safeWrites >= writes && block.hasSafeName) return;
  const path = blockPath(directory, block.number);
  if (block.isDoubtful) throw notBelieved(path);
  const file = await world.disk.open(path, 'update');
  try {
    await syncFile(file, block);
  } finally {
    await file.close();
  }
  if (block.isDoubtful) throw notBelieved(path);
  if (!block.hasSafeName) await world.disk.syncDirectory(directory);
  block.hasSafeName = true;
  block.safeWrites = Math.max(block.safeWrites, writes);
}

function notBelieved(path: string): Error {
  const text = `a sync of ${path} failed before: what was written to it is not believed`;
  return Object.assign(new Error(text), { code: 'EIO', path });
}

/** When it fails, whoever else has written to the file can not prove any more that it is on the disk (D-17). */
export async function syncFile(file: OpenFile, block: Block): Promise<void> {
  try {
    await datasync(file);
  } catch (error) {
    block.isDoubtful = true;
    throw error;
  }
}

function indexBody(
  block: Block,
  frames: readonly BlockFrame[],
  places: readonly FramePlaceInFile[],
  slots: number,
): FrameContent {
  const placed = new Map(frames.map((frame, index) => [frame, places[index]!]));
  return singleRecord(writeIndex(block, (frame) => placed.get(frame) ?? frame, slots));
}

/** What a frame of one record holds that says something of the block. */
function singleRecord(data: Uint8Array): FrameContent {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + data.length + END_ROOM);
  const view = viewOf(bytes);
  bytes.set(data, RECORD_HEADER_BYTES);
  writeRecordHeader(bytes, view, 0, data.length, 0, 0);
  return { bytes, view, length: RECORD_HEADER_BYTES + data.length, recordCount: 1 };
}
