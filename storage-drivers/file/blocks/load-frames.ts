/** Brings frames of a block in from its file. What is damaged is found here, record by record where that is possible. */
import type { SequenceRange } from '../../contract.ts';
import { codeOf, readAt } from '../file-calls.ts';
import { FRAME_HEADER_BYTES, FrameFlag, FrameKind } from '../journal/frame-format.ts';
import { RECORD_HEADER_BYTES, recordEnd } from '../journal/record-format.ts';
import { type FoundFrame, SegmentReader, type WholeFrame } from '../journal/segment-reader.ts';
import { viewOf } from '../numbers.ts';
import { appendSeqAt } from '../op-format.ts';
import type { OpenFiles } from '../open-files.ts';
import { SequenceRanges } from '../sequence-ranges.ts';
import type { Block } from './block.ts';
import { type BlockHome, type BlockWorld, blockFamily, blockPath } from './block-file.ts';
import type { BlockFrame } from './block-frame.ts';
import type { FrameMemory } from './frame-memory.ts';
import { isInPlace } from './frame-place.ts';

const INDEX_WINDOW = 256 * 1024;

/** What reading frames needs. */
export interface FrameWorld extends BlockWorld {
  readonly files: OpenFiles;
  readonly frameMemory: FrameMemory;
  /** For what is read in one go. */
  readonly windowMemory: FrameMemory;
}

/** A frame is not as it was written. */
export interface FrameDamage {
  readonly block: Block;
  readonly frame: BlockFrame;
  readonly path: string;
  readonly cause: 'checksum' | 'missing' | 'unreadable';
  /** What could be read until now, and cannot any more; often nothing. */
  readonly lost: readonly SequenceRange[];
  readonly records: number;
  readonly bytes: number;
}

export type OnDamage = (damage: FrameDamage) => void;

export async function loadFrames(
  world: FrameWorld,
  home: BlockHome,
  block: Block,
  frames: readonly BlockFrame[],
  onDamage: OnDamage,
): Promise<void> {
  const path = blockPath(home.directory, block.number);
  const bytes = frames.reduce((sum, frame) => sum + frame.storedBytes, 0);
  const family = blockFamily(world, home, block.number);
  const window = world.windowMemory.takeFor(bytes);
  try {
    await world.files.use(path, async (file) => {
      const reader = new SegmentReader(file, block.fileBytes, family, { cipher: block.cipher }, bytes);
      reader.lend(window);
      for (const frame of frames) await loadFrame(reader, home, block, frame, path, world.frameMemory, onDamage);
    });
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'EIO') throw error;
    // The file is gone, and with it all that was in it.
    const cause = code === 'EIO' ? 'unreadable' : 'missing';
    for (const frame of frames) if (!frame.isInMemory) tell(block, frame, path, cause, onDamage, () => false);
  } finally {
    world.windowMemory.giveBack(window);
  }
}

async function loadFrame(
  reader: SegmentReader,
  home: BlockHome,
  block: Block,
  frame: BlockFrame,
  path: string,
  memory: FrameMemory,
  onDamage: OnDamage,
): Promise<void> {
  if (frame.isInMemory) return;
  const errors = reader.readErrors;
  const found = await readFrame(reader, block, frame);
  // It may have been brought in meanwhile by somebody else.
  if (frame.isInMemory) return;
  if (isRight(found, block, frame)) {
    const from = found.from + frame.firstAt;
    frame.bringIn(found.bytes, from, from + frame.length, memory);
  } else {
    const cause = reader.readErrors > errors ? 'unreadable' : 'checksum';
    await salvage(reader, home, block, frame, path, cause, memory, onDamage);
  }
}

/** What was overwritten while it was read is read again: that is no damage. */
async function readFrame(reader: SegmentReader, block: Block, frame: BlockFrame): Promise<FoundFrame> {
  for (;;) {
    await frame.changed;
    const { changes } = frame;
    const found = await reader.frameAt(frame.position);
    if (frame.changes === changes || isRight(found, block, frame)) return found;
    reader.forget();
  }
}

function isRight(found: FoundFrame, block: Block, frame: BlockFrame): found is WholeFrame {
  if (!found.isWhole || found.header.kind !== FrameKind.records) return false;
  const isLong = found.to - found.from === Math.max(frame.length, frame.wholeLength);
  return isLong && isInPlace(block, frame, found.bytes, found.from + frame.firstAt);
}

/** Waits as long as whoever reads so many bytes should. */
export type Pace = (bytes: number) => Promise<void>;

/**
 * Reads all frames of a block from its file, whatever is in memory, and keeps none. Answers where its index is when that is damaged.
 */
export async function checkFrames(
  world: FrameWorld,
  home: BlockHome,
  block: Block,
  onDamage: OnDamage,
  pace: Pace,
): Promise<{ indexPath: string | null }> {
  const path = blockPath(home.directory, block.number);
  const family = blockFamily(world, home, block.number);
  let isIndexWhole = true;
  for (const frame of [...block.frames]) {
    if (frame.position < 0) continue;
    await world.files
      .use(path, async (file) => {
        const reader = new SegmentReader(file, block.fileBytes, family, { cipher: block.cipher }, frame.storedBytes);
        await checkFrame(reader, home, block, frame, path, world.frameMemory, onDamage);
      })
      .catch((error) => missed(block, frame, path, error, onDamage));
    await pace(frame.storedBytes);
    if (block.isDropped) return { indexPath: null };
  }
  if (block.indexPosition >= 0) {
    isIndexWhole = await world.files
      .use(path, async (file) => {
        const reader = new SegmentReader(file, block.fileBytes, family, { cipher: block.cipher }, INDEX_WINDOW);
        const found = await reader.frameAt(block.indexPosition);
        return found.isWhole && found.header.kind === FrameKind.index;
      })
      .catch(() => false);
  }
  return { indexPath: isIndexWhole ? null : path };
}

async function checkFrame(
  reader: SegmentReader,
  home: BlockHome,
  block: Block,
  frame: BlockFrame,
  path: string,
  memory: FrameMemory,
  onDamage: OnDamage,
): Promise<void> {
  const errors = reader.readErrors;
  const found = await readFrame(reader, block, frame);
  // While it was read, its block may have been written anew.
  if (isRight(found, block, frame) || block.isDropped) return;
  const cause = reader.readErrors > errors ? 'unreadable' : 'checksum';
  if (frame.isInMemory) {
    // Nothing is lost as long as it is written anew from there.
    tell(block, frame, path, cause, onDamage, () => true);
    return;
  }
  await salvage(reader, home, block, frame, path, cause, memory, onDamage);
  frame.letGo();
}

function missed(block: Block, frame: BlockFrame, path: string, error: unknown, onDamage: OnDamage): void {
  const code = codeOf(error);
  if (code !== 'ENOENT' && code !== 'EIO') throw error;
  if (block.isDropped) return;
  const cause = code === 'EIO' ? 'unreadable' : 'missing';
  tell(block, frame, path, cause, onDamage, () => frame.isInMemory);
}

/** What stands in the file where a message was, unverified; null when nothing of it can be told from the rest. */
export async function readRaw(
  world: FrameWorld,
  directory: string,
  block: Block,
  slot: number,
): Promise<Uint8Array | null> {
  const frame = block.frameOf(slot);
  if (block.cipher !== null || frame.position < 0) return null;
  const path = blockPath(directory, block.number);
  const bytes = new Uint8Array(block.starts[slot + 1]! - block.starts[slot]!);
  const from = frame.position + FRAME_HEADER_BYTES + 4 + block.starts[slot]! - frame.start;
  const head = new Uint8Array(8);
  const count = await world.files
    .use(path, async (file) => {
      await readAt(file, head, frame.position);
      return readAt(file, bytes, from);
    })
    .catch(() => 0);
  const isPlain = (head[6]! & (FrameFlag.compressed | FrameFlag.encrypted)) === 0;
  return count === bytes.length && isPlain ? bytes : null;
}

/** A frame that is broken may hold records that are not. */
async function salvage(
  reader: SegmentReader,
  home: BlockHome,
  block: Block,
  frame: BlockFrame,
  path: string,
  cause: FrameDamage['cause'],
  memory: FrameMemory,
  onDamage: OnDamage,
): Promise<void> {
  const from = frame.position + FRAME_HEADER_BYTES + 4 + frame.firstAt;
  if (block.cipher !== null || from + frame.length > reader.size) {
    tell(block, frame, path, cause, onDamage, () => false);
    return;
  }
  const { bytes, at } = await reader.bytesAt(from, frame.length);
  const records = bytes.subarray(at, at + frame.length);
  const view = viewOf(records);
  tell(block, frame, path, cause, onDamage, (start, end, seq) => {
    if (recordEnd(records, view, start, end) !== end) return false;
    // It may be whole, and of another file.
    return view.getUint32(start + 8, true) === home.number && appendSeqAt(view, start + RECORD_HEADER_BYTES) === seq;
  });
  frame.bringIn(bytes, at, at + frame.length, memory);
}

/** Marks the records that are not whole, and tells of the frame once, and again when more of it turns out to be lost. */
function tell(
  block: Block,
  frame: BlockFrame,
  path: string,
  cause: FrameDamage['cause'],
  onDamage: OnDamage,
  isWhole: (start: number, end: number, seq: number) => boolean,
): void {
  const lost = new SequenceRanges();
  let bytes = 0;
  for (let slot = block.slotAtStart(frame.start); slot < block.slots && block.starts[slot]! < frame.end; slot++) {
    const [start, end] = [block.starts[slot]! - frame.start, block.starts[slot + 1]! - frame.start];
    if (isWhole(start, end, block.seqAt(slot)) || !block.markDamaged(slot)) continue;
    lost.add(block.seqAt(slot), block.seqAt(slot));
    bytes += block.contentLength(slot);
  }
  const isNews = !frame.isBroken || !lost.isEmpty;
  frame.isBroken = true;
  block.isBroken = true;
  if (isNews) onDamage({ block, frame, path, cause, lost: [...lost.list], records: lost.size, bytes });
}
