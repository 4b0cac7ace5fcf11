/**
 * A checkpoint: what a store is, apart from the messages in its blocks, as of one operation. Operations in the journal up to that one are
 * not needed any more. It is kept twice.
 */
import type { SequenceRange } from '../contract.ts';
import { ByteReader, ByteWriter } from '../derived/byte-writer.ts';
import { Block } from './blocks/block.ts';
import { readIndex, writeIndex } from './blocks/block-index.ts';
import { joined } from './file-cells.ts';
import type { FrameCipher } from './frame-cipher.ts';
import type { ErasedRange } from './store-erasures.ts';

/** The first one knew nothing of what is being erased, and the second nothing of outlines. */
const FIRST_VERSION = 1;
const ERASING_SINCE = 2;
const OUTLINES_SINCE = 3;
const VERSION = 3;
const ERAS_MAX = 64;

/** From an operation on, somebody else wrote: what a mark of the store compares. */
export interface Era {
  readonly from: number;
  readonly check: number;
}

export interface StoreState {
  readonly store: number;
  readonly id: string;
  readonly isStaged: boolean;
  /** The number of the newest operation. */
  readonly serial: number;
  readonly first: number;
  readonly last: number;
  readonly lastSeconds: number;
  readonly lastNanos: number;
  readonly nextBlock: number;
  readonly eras: readonly Era[];
  readonly lost: readonly SequenceRange[];
  /** Removed, and perhaps still in files. */
  readonly erasing: readonly ErasedRange[];
  /** Something that was promised is missing, and nobody knows what. */
  readonly isAmnesiac: boolean;
  /** Its blocks are compressed, until somebody says otherwise. */
  readonly isCompressed: boolean;
  readonly cells: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** A block as it was when the state was taken: what is appended or removed later is none of it. */
export interface BlockState {
  readonly block: Block;
  readonly slots: number;
  readonly gone: Uint8Array | null;
  readonly damaged: Uint8Array | null;
}

export function captureBlock(block: Block): BlockState {
  const { slots } = block;
  return { block, slots, gone: block.gone?.slice() ?? null, damaged: block.damaged?.slice() ?? null };
}

export function writeCheckpoint(state: StoreState, blocks: readonly BlockState[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(VERSION);
  writer.u32(state.store);
  writer.text(state.id);
  writer.u8((state.isStaged ? 1 : 0) | (state.isAmnesiac ? 2 : 0) | (state.isCompressed ? 4 : 0));
  writer.u64(state.serial);
  writer.u64(state.first);
  writer.u64(state.last);
  writer.u64(state.lastSeconds);
  writer.u32(state.lastNanos);
  writer.u32(state.nextBlock);
  const eras = state.eras.slice(-ERAS_MAX);
  writer.u32(eras.length);
  for (const era of eras) {
    writer.u64(era.from);
    writer.u32(era.check);
  }
  writeRanges(writer, state.lost);
  writeRanges(writer, state.erasing);
  for (const { serial } of state.erasing) writer.u64(serial);
  writer.u32(state.cells.size);
  for (const [name, pieces] of state.cells) {
    writer.text(name);
    writer.blob(joined(pieces));
  }
  writer.u32(blocks.length);
  for (const entry of blocks) writeBlock(writer, entry);
  return writer.written;
}

function writeRanges(writer: ByteWriter, ranges: readonly SequenceRange[]): void {
  writer.u32(ranges.length);
  for (const { from, to } of ranges) {
    writer.u64(from);
    writer.u64(to);
  }
}

function readRanges(reader: ByteReader): SequenceRange[] {
  return many(reader, () => ({ from: reader.u64(), to: reader.u64() }));
}

function writeBlock(writer: ByteWriter, { block, slots, gone, damaged }: BlockState): void {
  writer.u32(block.number);
  writer.u64(block.base);
  writer.u32(slots);
  writer.u64(block.seqAt(slots - 1));
  writer.u64(block.fileBytes);
  writer.u32(block.frameCount);
  writer.u32(block.chain);
  writer.u8(block.cipher?.cipherNumber ?? 0);
  writer.raw(block.wrappedKey);
  writeBits(writer, gone, slots);
  writeBits(writer, damaged, slots);
  const hasIndex = block.indexPosition >= 0;
  writer.u8(hasIndex ? 1 : 0);
  if (hasIndex) writer.u64(block.indexPosition);
  else writer.blob(writeIndex(block, (frame) => frame, slots));
  const hasOutline = block.outlinePosition >= 0;
  writer.u8(hasOutline ? 1 : 0);
  if (!hasOutline) return;
  writer.u64(block.outlinePosition);
  writer.u32(block.outlineBytes);
}

/** A block of a checkpoint, and where its index is when it is not here. */
export interface FoundBlock {
  readonly block: Block;
  readonly slots: number;
  readonly lastSeq: number;
  readonly hasIndex: boolean;
}

export function readCheckpoint(
  bytes: Uint8Array,
  unwrap: (cipher: number, wrapped: Uint8Array, block: number, store: number) => FrameCipher,
): { state: StoreState; blocks: FoundBlock[] } {
  const reader = new ByteReader(bytes);
  const version = reader.u32();
  if (version < FIRST_VERSION || version > VERSION)
    throw new RangeError(`a checkpoint of version ${version}; this one knows ${VERSION}`);
  const store = reader.u32();
  const id = reader.text();
  const bits = reader.u8();
  const [serial, first, last, lastSeconds] = [reader.u64(), reader.u64(), reader.u64(), reader.u64()];
  const [lastNanos, nextBlock] = [reader.u32(), reader.u32()];
  const eras = many(reader, () => ({ from: reader.u64(), check: reader.u32() }));
  const lost = readRanges(reader);
  const erased = version >= ERASING_SINCE ? readRanges(reader) : [];
  const erasing = erased.map((range) => ({ ...range, serial: reader.u64() }));
  const cells = new Map(many(reader, () => [reader.text(), [reader.blob()]] as const));
  const blocks = many(reader, () => {
    const found = readBlock(reader, (cipher, key, block) => unwrap(cipher, key, block, store));
    if (version >= OUTLINES_SINCE) readOutlinePlace(reader, found.block);
    return found;
  });
  const isStaged = (bits & 1) !== 0;
  const isAmnesiac = (bits & 2) !== 0;
  const isCompressed = (bits & 4) !== 0;
  const state = {
    store,
    id,
    isStaged,
    isAmnesiac,
    isCompressed,
    serial,
    first,
    last,
    lastSeconds,
    lastNanos,
    nextBlock,
    eras,
    lost,
    erasing,
    cells,
  };
  return { state, blocks };
}

function readBlock(
  reader: ByteReader,
  unwrap: (cipher: number, wrapped: Uint8Array, block: number) => FrameCipher,
): FoundBlock {
  const block = new Block(reader.u32(), reader.u64());
  const [slots, lastSeq] = [reader.u32(), reader.u64()];
  block.fileBytes = reader.u64();
  block.frameCount = reader.u32();
  block.chain = reader.u32();
  const cipher = reader.u8();
  block.wrappedKey = reader.raw(block.wrappedKey.length);
  if (cipher !== 0) block.cipher = unwrap(cipher, block.wrappedKey, block.number);
  block.gone = readBits(reader, slots);
  block.damaged = readBits(reader, slots);
  block.isSealed = true;
  block.isInherited = true;
  const hasIndex = reader.u8() === 1;
  if (hasIndex) block.indexPosition = reader.u64();
  else readIndex(reader.blob(), block);
  return { block, slots, lastSeq, hasIndex };
}

function readOutlinePlace(reader: ByteReader, block: Block): void {
  if (reader.u8() === 0) return;
  block.outlinePosition = reader.u64();
  block.outlineBytes = reader.u32();
}

function writeBits(writer: ByteWriter, bits: Uint8Array | null, slots: number): void {
  writer.u8(bits === null ? 0 : 1);
  if (bits !== null) writer.raw(bits.subarray(0, (slots + 7) >>> 3));
}

function readBits(reader: ByteReader, slots: number): Uint8Array | null {
  return reader.u8() === 0 ? null : reader.raw((slots + 7) >>> 3);
}

function many<T>(reader: ByteReader, one: () => T): T[] {
  return Array.from({ length: reader.u32() }, one);
}
