/** Finds the messages that the journal only speaks of, where they stand in blocks. */

import { RecordView } from '../derived/record-view.ts';
import type { AdoptedPlace } from './blocks/block.ts';
import { blockFamily, blockKeyPlace, blockPath } from './blocks/block-file.ts';
import { codeOf, datasync, readAt } from './file-calls.ts';
import type { FrameCipher } from './frame-cipher.ts';
import { FrameFlag, FrameKind, headBytes, paddedLength, SECTOR_BYTES } from './journal/frame-format.ts';
import { RECORD_HEADER_BYTES, recordAfter } from './journal/record-format.ts';
import { FRAMES_START, readSegmentHead } from './journal/segment-format.ts';
import { SegmentReader, type WholeFrame } from './journal/segment-reader.ts';
import { viewOf } from './numbers.ts';
import { APPEND_HEADER_BYTES, appendSeqAt, Op, readAppend } from './op-format.ts';
import { storeDirectory } from './store-files.ts';
import type { StoreWorld } from './store-world.ts';

/** Blocks whose contents are known when a frame is brought; it may add to them. */
const LISTED_MAX = 64;

export interface PlacedRecord extends AdoptedPlace {
  readonly seq: number;
  readonly size: number;
  readonly seconds: number;
  readonly nanos: number;
  /** Its frame is as it was written. */
  readonly isWhole: boolean;
}

/** By the number of the operation. */
type Listing = ReadonlyMap<number, PlacedRecord>;

const NOTHING: Listing = new Map();
const record = new RecordView();

export class PlacedRecords {
  private readonly world: StoreWorld;
  private readonly listings = new Map<string, Listing>();
  /** Files that were found to hold something. */
  private readonly files = new Set<string>();

  constructor(world: StoreWorld) {
    this.world = world;
  }

  /** Makes known what a frame of the journal speaks of, as far as it is needed. False when something of it is not there, or not whole. */
  async bring({ bytes, from, to }: WholeFrame, isNeeded: (store: number, serial: number) => boolean): Promise<boolean> {
    const view = viewOf(bytes);
    let isThere = true;
    // None goes that this frame needs: it is applied before the next one is brought.
    for (const key of this.listings.keys()) {
      if (this.listings.size < LISTED_MAX) break;
      this.listings.delete(key);
    }
    for (let at = from; at < to; ) {
      const data = at + RECORD_HEADER_BYTES;
      const [store, type] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
      at = data + view.getUint32(at + 4, true);
      if (type !== Op.placed || !isNeeded(store, view.getUint32(data, true))) continue;
      await this.list(store, view.getUint32(data + 12, true));
      if (this.find(store, view, data)?.isWhole !== true) isThere = false;
    }
    return isThere;
  }

  /** What the operation at a place speaks of; null when it is not there. */
  find(store: number, view: DataView, at: number): PlacedRecord | null {
    const listing = this.listings.get(keyOf(store, view.getUint32(at + 12, true)));
    const found = listing?.get(view.getUint32(at, true));
    const isSame = found?.seq === appendSeqAt(view, at) && found.size === view.getUint32(at + 16, true);
    return isSame ? found : null;
  }

  /** What was found may stand in memory only, and the journal is going to say that it was synced. */
  async settle(): Promise<void> {
    const { disk } = this.world;
    const directories = new Set<string>();
    for (const path of this.files) {
      const file = await disk.open(path, 'update');
      await datasync(file).finally(() => file.close());
      directories.add(path.slice(0, path.lastIndexOf('/')));
    }
    for (const directory of directories) await disk.syncDirectory(directory);
    this.files.clear();
    this.listings.clear();
  }

  private async list(store: number, block: number): Promise<void> {
    const key = keyOf(store, block);
    if (this.listings.has(key)) return;
    const path = blockPath(storeDirectory(this.world, store), block);
    const listing = await this.readTwice(path, store, block).catch((error) => {
      if (['ENOENT', 'EIO'].includes(codeOf(error))) return NOTHING;
      throw error;
    });
    this.listings.set(key, listing);
    if (listing.size > 0) this.files.add(path);
  }

  /** What the disk refuses is tried once more: what the journal speaks of would count as lost otherwise. */
  private readTwice(path: string, store: number, block: number): Promise<Listing> {
    return this.read(path, store, block).catch((error) => {
      if (codeOf(error) !== 'EIO') throw error;
      return this.read(path, store, block);
    });
  }

  private async read(path: string, store: number, block: number): Promise<Listing> {
    const { world } = this;
    const file = await world.disk.open(path, 'read');
    try {
      const bytes = new Uint8Array(FRAMES_START);
      const head = readSegmentHead(bytes.subarray(0, await readAt(file, bytes, 0)));
      if (head === null || head.generation !== block) return NOTHING;
      const cipher = head.cipher === 0 ? null : this.cipherOf(head.cipher, head.wrappedKey, store, block);
      const family = blockFamily(world, { directory: '', number: store }, block);
      const size = await file.size();
      const listing = new Map<number, PlacedRecord>();
      const reader = new SegmentReader(file, size, family, { cipher });
      const inFile = { block, wrappedKey: head.wrappedKey, cipher, fileBytes: size };
      for (let position = FRAMES_START; position < size; ) {
        const found = reader.frameInWindow(position) ?? (await reader.frameAt(position));
        const { header } = found;
        if (header === null) {
          position += SECTOR_BYTES;
          continue;
        }
        const storedBytes = paddedLength(header.length);
        const where = { ...inFile, position, storedBytes };
        if (header.kind !== FrameKind.records) position += storedBytes;
        else if (found.isWhole) {
          listFrame(listing, found.bytes, found.from, found.to, where, true);
          position = found.end;
        } else {
          // Where records were being erased when the process ended, the others are whole.
          const from = headBytes(header.storeCount);
          const isPlain = (header.flags & (FrameFlag.compressed | FrameFlag.encrypted)) === 0;
          const { bytes, at } = await reader.bytesAt(position, header.length);
          if (isPlain) listFrame(listing, bytes, at + from, at + from + header.plainLength, where, false);
          position += SECTOR_BYTES;
        }
      }
      return listing;
    } finally {
      await file.close();
    }
  }

  private cipherOf(cipher: number, wrapped: Uint8Array, store: number, block: number): FrameCipher | null {
    try {
      return this.world.keys?.unwrap(cipher, wrapped, blockKeyPlace(store, block)) ?? null;
    } catch {
      // Nothing in it can be read: it is as good as not there.
      return null;
    }
  }
}

function keyOf(store: number, block: number): string {
  return `${store}/${block}`;
}

interface FramePlace {
  readonly block: number;
  readonly wrappedKey: Uint8Array;
  readonly cipher: FrameCipher | null;
  readonly fileBytes: number;
  readonly position: number;
  readonly storedBytes: number;
}

function listFrame(
  listing: Map<number, PlacedRecord>,
  bytes: Uint8Array,
  from: number,
  to: number,
  place: FramePlace,
  isWhole: boolean,
): void {
  const view = viewOf(bytes);
  for (let at = from; at < to; ) {
    const data = at + RECORD_HEADER_BYTES;
    const end = recordAfter(view, at, to);
    if (end < data + APPEND_HEADER_BYTES) return;
    readAppend(bytes, view, data, end, record);
    const { seq, seconds, nanos } = record;
    const where = { ...place, frameLength: to - from, start: at - from };
    listing.set(view.getUint32(data, true), { ...where, seq, size: end - at, seconds, nanos, isWhole });
    at = end;
  }
}
