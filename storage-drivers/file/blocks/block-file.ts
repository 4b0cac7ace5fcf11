/** The file of a block: a head like that of a segment, frames of records, and behind them outline and index of a block that is full. */
import { join } from 'node:path';
import type { Clock, Disk } from '../../../kernel/plugin-api.ts';
import type { StoreCompression } from '../../contract.ts';
import type { FrameCipher, StoreKeys } from '../frame-cipher.ts';
import { type FrameFamily, headBytes } from '../journal/frame-format.ts';
import { type Compression, type SealedFrame, sealFrame } from '../journal/seal-frame.ts';
import { putU64, viewOf } from '../numbers.ts';

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

export interface FrameContent {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;
  readonly recordCount: number;
}
