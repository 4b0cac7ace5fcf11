/** Which records stand in the files of the journal, wherever they were left: for whoever has to find all copies of one. */
import type { Disk } from '../../../kernel/plugin-api.ts';
import { getU64, viewOf } from '../numbers.ts';
import { type FoundSegment, openSegment, type ReadOptions } from './find-segments.ts';
import {
  FRAME_HEADER_BYTES,
  type FrameHeader,
  headBytes,
  paddedLength,
  readFrameHead,
  SECTOR_BYTES,
} from './frame-format.ts';
import { RECORD_HEADER_BYTES } from './record-format.ts';
import { FRAMES_START } from './segment-format.ts';
import { SegmentReader, type WholeFrame } from './segment-reader.ts';

/** What a record is looked for by; -1 for those that nobody looks for. */
export type KeyOf = (type: number, view: DataView, at: number) => number;

export interface KeySpan {
  readonly store: number;
  min: number;
  max: number;
}

/** A frame of the segment, or of one that had the file before. */
export interface ListedFrame {
  readonly position: number;
  readonly end: number;
  readonly bodyAt: number;
  readonly generation: number;
  readonly number: number;
  readonly spans: readonly KeySpan[];
}

export interface FileListing {
  readonly path: string;
  readonly generation: number;
  readonly frames: ListedFrame[];
  /** Sectors that belong to no frame any more and are not blank, behind the last frame of the segment. */
  readonly remains: { from: number; to: number }[];
  /** Behind the last of the segment's own frames. */
  ownEnd: number;
  /** Nothing was written to it any more when it was last listed. */
  isFinal: boolean;
}

/** `writtenTo`: how far the segment that is written has got; null for others. What is known already is not read again. */
export async function listFrames(
  disk: Disk,
  segment: FoundSegment,
  options: ReadOptions,
  keyOf: KeyOf,
  known: FileListing | null,
  writtenTo: number | null,
): Promise<FileListing> {
  const { file, reader } = await openSegment(disk, segment, options);
  try {
    const { path } = segment.slot;
    const listing = known ?? {
      path,
      generation: segment.generation,
      frames: [],
      remains: [],
      ownEnd: FRAMES_START,
      isFinal: false,
    };
    const lister = new Lister(reader, segment, options, keyOf, listing);
    const from = known === null ? FRAMES_START : listing.ownEnd;
    if (!listing.isFinal) await lister.run(from, known === null ? reader.size : (writtenTo ?? reader.size));
    listing.isFinal ||= writtenTo === null;
    return listing;
  } finally {
    await file.close();
  }
}

class Lister {
  private readonly reader: SegmentReader;
  private readonly segment: FoundSegment;
  private readonly options: ReadOptions;
  private readonly keyOf: KeyOf;
  private readonly listing: FileListing;

  constructor(reader: SegmentReader, segment: FoundSegment, options: ReadOptions, keyOf: KeyOf, listing: FileListing) {
    this.reader = reader;
    this.segment = segment;
    this.options = options;
    this.keyOf = keyOf;
    this.listing = listing;
  }

  async run(from: number, to: number): Promise<void> {
    const { reader, listing } = this;
    for (let position = from; position + SECTOR_BYTES <= to; ) {
      const own = reader.frameInWindow(position) ?? (await reader.frameAt(position));
      if (own.isWhole) {
        await this.list(position, own);
        // What was found before stands among the segment's own frames: it is damage, and left as it is.
        listing.remains.length = 0;
        listing.ownEnd = own.end;
        position = own.end;
      } else position = await this.foreign(position);
    }
  }

  private async list(position: number, frame: WholeFrame, generation = this.segment.generation): Promise<void> {
    const spans = spansOf(frame, this.keyOf);
    const { view, at } = await this.reader.bytesAt(position, FRAME_HEADER_BYTES);
    const bodyAt = position + headBytes(view.getUint32(at + 12, true));
    const { header, end } = frame;
    this.listing.frames.push({ position, end, bodyAt, generation, number: header.number, spans });
  }

  /** No frame of this segment: one of an earlier life of the file, or what is left of one, or nothing. */
  private async foreign(position: number): Promise<number> {
    const { bytes, view, at } = await this.reader.bytesAt(position, SECTOR_BYTES);
    const generation = getU64(view, at + 32);
    const header = readFrameHead(bytes, view, at, { uuid: this.options.uuid, generation });
    const isOlder = header !== null && generation !== this.segment.generation;
    const end = isOlder ? position + paddedLength(header.length) : 0;
    if (isOlder && end <= this.reader.size) {
      const frame = await this.older(position, generation, header);
      if (frame !== null) {
        await this.list(position, frame, generation);
        return end;
      }
    }
    if (!isBlank(bytes, at)) this.addRemains(position);
    return position + SECTOR_BYTES;
  }

  /** What was encrypted in an earlier life went with its key. */
  private async older(position: number, generation: number, header: FrameHeader): Promise<WholeFrame | null> {
    const family = { uuid: this.options.uuid, generation };
    const lock = { cipher: null };
    const found = await new SegmentReader(this.reader.file, this.reader.size, family, lock, header.length).frameAt(
      position,
    );
    return found.isWhole ? found : null;
  }

  private addRemains(position: number): void {
    const last = this.listing.remains.at(-1);
    if (last !== undefined && last.to === position) last.to += SECTOR_BYTES;
    else this.listing.remains.push({ from: position, to: position + SECTOR_BYTES });
  }
}

function isBlank(bytes: Uint8Array, at: number): boolean {
  for (let index = at; index < at + SECTOR_BYTES; index++) if (bytes[index] !== 0) return false;
  return true;
}

function spansOf(frame: WholeFrame, keyOf: KeyOf): KeySpan[] {
  const spans = new Map<number, KeySpan>();
  visitRecords(frame, (view, at) => {
    const key = keyOf(view.getUint32(at + 12, true), view, at + RECORD_HEADER_BYTES);
    if (key < 0) return;
    const store = view.getUint32(at + 8, true);
    const span = spans.get(store);
    if (span === undefined) spans.set(store, { store, min: key, max: key });
    else {
      span.min = Math.min(span.min, key);
      span.max = Math.max(span.max, key);
    }
  });
  return [...spans.values()];
}

export function visitRecords(frame: WholeFrame, visit: (view: DataView, at: number, end: number) => void): void {
  const view = viewOf(frame.bytes);
  for (let at = frame.from; at < frame.to; ) {
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
    visit(view, at, end);
    at = end;
  }
}
