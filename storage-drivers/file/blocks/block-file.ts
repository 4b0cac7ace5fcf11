/** The file of a block: a head like that of a segment, frames of records, and behind them outline and index of a block that is full. */
import { join } from 'node:path';
import type { Clock, Disk } from '../../../kernel/plugin-api.ts';
import type { StoreCompression } from '../../contract.ts';
import { Breath } from '../breath.ts';
import { datasync, writeAt } from '../file-calls.ts';
import type { FrameCipher, StoreKeys } from '../frame-cipher.ts';
import { type FrameFamily, FrameKind, headBytes } from '../journal/frame-format.ts';
import { RECORD_HEADER_BYTES, writeRecordHeader } from '../journal/record-format.ts';
import { type Compression, type SealedFrame, sealFrame } from '../journal/seal-frame.ts';
import { FRAMES_START, segmentHead, WRAPPED_KEY_BYTES } from '../journal/segment-format.ts';
import { putU64, viewOf } from '../numbers.ts';
import { compressionOf } from '../s2-compression.ts';
import type { Block } from './block.ts';
import type { BlockFrame } from './block-frame.ts';
import { writeIndex } from './block-index.ts';
import { OutlineWriter } from './block-outline.ts';

/** What all block files of a driver have in common. */
export interface BlockWorld {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly uuid: Uint8Array;
  readonly keys: StoreKeys | null;
  /** Of stores that say nothing of it themselves. */
  readonly compression: StoreCompression;
}

/** Whose block it is. */
export interface BlockOwner {
  readonly world: BlockWorld;
  readonly number: number;
  readonly directory: string;
  readonly compression: StoreCompression | null;
}

/** Where the blocks of a store are. */
export interface BlockHome {
  readonly directory: string;
  /** Of the store. */
  readonly number: number;
}

export function blockFamily({ uuid }: Pick<BlockWorld, 'uuid'>, { number }: BlockHome, block: number): FrameFamily {
  return { uuid, generation: block, store: number };
}

export function blockPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(8, '0')}.blk`);
}

/** Binds a block's key to the block. */
export function blockKeyPlace(store: number, number: number): Uint8Array {
  const place = new Uint8Array(24);
  place.set(Buffer.from('block'));
  putU64(viewOf(place), 8, store);
  putU64(viewOf(place), 16, number);
  return place;
}

const END_ROOM = 1024;

/** Writes frames of one block behind those that are there, and waits until they are safe. */
export class BlockWriter {
  private readonly world: BlockWorld;
  private readonly store: number;
  private readonly directory: string;
  private readonly compression: Compression | null;
  private readonly block: Block;

  constructor({ world, number, directory, compression }: BlockOwner, block: Block) {
    this.world = world;
    this.store = number;
    this.directory = directory;
    this.compression = compressionOf(compression ?? world.compression);
    this.block = block;
  }

  /** The frames get their places once they are safe. With an index, so many messages are in it; with an outline, the block is full. */
  async write(frames: readonly BlockFrame[], indexedSlots: number | null, hasOutline: boolean): Promise<void> {
    const { block } = this;
    const isNew = block.fileBytes === 0;
    if (isNew && !block.isInherited) block.outline = new OutlineWriter();
    const pieces: Uint8Array[] = [];
    const end = isNew ? this.begin(pieces) : endOf(block);
    const from = isNew ? 0 : end.fileBytes;
    const places = await this.addAll(frames, end, pieces);
    const outline = hasOutline && block.outline !== null ? singleRecord(block.outline.written) : null;
    const outlinePlace = outline === null ? null : this.add(outline, FrameKind.outline, end, pieces);
    const indexPosition = end.fileBytes;
    if (indexedSlots !== null) this.add(indexBody(block, frames, places, indexedSlots), FrameKind.index, end, pieces);
    try {
      await this.put(pieces, from, isNew);
    } catch (error) {
      // The frames are going to be written once more, and would be in it twice.
      block.outline = null;
      // What stands there now may be anything: it goes, and its room is free again. No number is used twice.
      const isGone = await this.takeAway(from, isNew);
      if (!isNew) Object.assign(block, { fileBytes: isGone ? from : end.fileBytes, frameCount: end.frameCount });
      throw error;
    }
    for (const [index, frame] of frames.entries()) Object.assign(frame, places[index]);
    Object.assign(block, end);
    if (indexedSlots !== null) block.indexPosition = indexPosition;
    if (outlinePlace === null) return;
    block.outlinePosition = outlinePlace.position;
    block.outlineBytes = outlinePlace.storedBytes;
    block.outline = null;
  }

  private async addAll(frames: readonly BlockFrame[], end: FileEnd, pieces: Uint8Array[]) {
    const places: FramePlaceInFile[] = [];
    const breath = new Breath(this.world.clock);
    for (const frame of frames) {
      places.push(this.add(frame, FrameKind.records, end, pieces));
      this.block.outline?.add(this.block, frame);
      if (breath.isDue(frame.length)) await breath.take();
    }
    return places;
  }

  private begin(pieces: Uint8Array[]): FileEnd {
    const { uuid, keys } = this.world;
    const fresh = keys?.fresh(blockKeyPlace(this.store, this.block.number)) ?? null;
    const wrappedKey = fresh?.wrapped ?? new Uint8Array(WRAPPED_KEY_BYTES);
    const cipher = fresh?.cipher ?? null;
    const head = segmentHead({
      uuid,
      generation: this.block.number,
      incarnation: this.store,
      firstFrame: 1,
      chain: 0,
      oldestGeneration: 0,
      bytes: 0,
      cipher: cipher?.cipherNumber ?? 0,
      wrappedKey,
    });
    pieces.push(head);
    return { fileBytes: FRAMES_START, frameCount: 0, chain: 0, wrappedKey, cipher };
  }

  private add(frame: FrameContent, kind: number, end: FileEnd, pieces: Uint8Array[]): FramePlaceInFile {
    const number = end.frameCount + 1;
    const place = { store: this.store, block: this.block.number, number, chain: end.chain };
    const sealing = { cipher: end.cipher, compression: this.compression };
    const sealed = sealBlockFrame(this.world.uuid, frame, kind, place, sealing, pieces);
    const position = end.fileBytes;
    end.fileBytes += sealed.length;
    end.frameCount = number;
    end.chain = sealed.checksum;
    return { position, storedBytes: sealed.length };
  }

  /** False where it can not be done: then nothing is written in that place again. */
  private async takeAway(position: number, isNew: boolean): Promise<boolean> {
    const { disk } = this.world;
    const path = blockPath(this.directory, this.block.number);
    try {
      if (isNew) await disk.remove(`${path}.tmp`);
      else {
        const file = await disk.open(path, 'update');
        await file.truncate(position).finally(() => file.close());
      }
      return true;
    } catch {
      return false;
    }
  }

  private async put(pieces: readonly Uint8Array[], position: number, isNew: boolean): Promise<void> {
    const { disk } = this.world;
    const path = blockPath(this.directory, this.block.number);
    const name = isNew ? `${path}.tmp` : path;
    if (isNew) await disk.remove(name);
    const file = await disk.open(name, isNew ? 'create' : 'update');
    try {
      await writeAt(file, pieces, position);
      await datasync(file);
    } finally {
      await file.close();
    }
    if (!isNew) return;
    await disk.rename(name, path);
    await disk.syncDirectory(this.directory);
  }
}

interface SealedPlace {
  readonly store: number;
  readonly block: number;
  readonly number: number;
  /** The checksum of the frame before. */
  readonly chain: number;
}

interface Sealing {
  readonly cipher: FrameCipher | null;
  readonly compression: Compression | null;
}

/** Appends what has to be written to `pieces`. */
export function sealBlockFrame(
  uuid: Uint8Array,
  { bytes, view, length, recordCount }: FrameContent,
  kind: number,
  { store, block, number, chain }: SealedPlace,
  { cipher, compression }: Sealing,
  pieces: Uint8Array[],
): SealedFrame {
  const head = new Uint8Array(headBytes(1));
  const headView = viewOf(head);
  const body = { bytes, view, length, recordCount, storeCount: 1, storeIds: Uint32Array.of(store), head, headView };
  const place = { number, newestSynced: 0, oldestGeneration: 0, chain };
  return sealFrame(body, kind, { uuid, generation: block }, place, cipher, compression, pieces);
}

/** How far the file has got. */
interface FileEnd {
  fileBytes: number;
  frameCount: number;
  chain: number;
  wrappedKey: Uint8Array;
  cipher: FrameCipher | null;
}

function endOf({ fileBytes, frameCount, chain, wrappedKey, cipher }: Block): FileEnd {
  return { fileBytes, frameCount, chain, wrappedKey, cipher };
}

interface FramePlaceInFile {
  readonly position: number;
  readonly storedBytes: number;
}

export interface FrameContent {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;
  readonly recordCount: number;
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
