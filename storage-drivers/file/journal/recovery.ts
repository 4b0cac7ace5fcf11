/**
 * Reads a journal from its oldest needed frame to its end, and tells what a power cut tore, which nobody was promised, from what was
 * damaged later, which is a hole.
 *
 * A frame that is not whole was synced if something says so: a later frame that was built when it had been, a note of the tail, or the
 * next segment, which is not begun before all of the one before is synced.
 */
import type { OpenFile } from '../../../kernel/plugin-api.ts';
import { viewOf } from '../numbers.ts';
import type { ChainEnd } from './active-segment.ts';
import type { FoundSegment } from './find-segments.ts';
import { FrameFlag, FrameKind, SECTOR_BYTES } from './frame-format.ts';
import { RECORD_HEADER_BYTES } from './record-format.ts';
import { FRAMES_START } from './segment-format.ts';
import type { FoundFrame, SegmentReader, WholeFrame } from './segment-reader.ts';
import type { TailMark } from './tail-mark.ts';

export interface JournalHole {
  readonly path: string;
  /** The damaged range of the file. */
  readonly from: number;
  readonly to: number;
  /** The frames that are gone. */
  readonly firstFrame: number;
  readonly lastFrame: number;
  /** How many records may have been in them at most. */
  readonly records: number;
  /** Whose records were in them; null when that is gone too. */
  readonly stores: readonly number[] | null;
}

/** The least a message takes. */
const RECORD_BYTES_MIN = 45;
/** What a frame usually holds at most, where nothing is known of its length. */
const RECORDS_OF_A_FRAME = 3000;

export interface JournalVisitor {
  /** The data of a record stands from `from` to `to`; it is borrowed. */
  record(store: number, type: number, bytes: Uint8Array, from: number, to: number, generation: number): void;
  /** State that is repeated at the start of each segment: the newest counts. */
  carried(store: number, bytes: Uint8Array, from: number, to: number): void;
  hole(hole: JournalHole): void;
  /** Looks for what records of the frame speak of that is in other files. False when something is not there. */
  bring?(frame: WholeFrame): Promise<boolean>;
}

export interface Cut {
  readonly path: string;
  readonly offset: number;
  /** The number of the first frame that does not count. */
  readonly frame: number;
}

export class JournalRecovery {
  frames = 0;
  records = 0;
  readonly holes: JournalHole[] = [];
  cut: Cut | null = null;
  readErrors = 0;
  /** Where in the last segment they are. */
  unproven: { number: number; position: number; end: number }[] = [];
  readonly end: ChainEnd;
  private readonly visitor: JournalVisitor;
  private readonly mark: TailMark | null;
  /** The number of the next frame. */
  private expected = 1;
  /** Null after a hole: whatever comes next cannot be compared. */
  private chain: number | null = 0;
  /** What this frame speaks of is lost, and no reason to end here. */
  private settled = 0;
  /** What stands behind the first place of the segment where no frame is; looked for once. */
  private later: LaterFrames | null = null;

  constructor(visitor: JournalVisitor, mark: TailMark | null) {
    this.visitor = visitor;
    this.mark = mark;
    this.end = { frame: 0, checksum: 0, generation: 0, offset: 0 };
  }

  /** By generation, from the oldest that is needed on. */
  async run(
    segments: readonly FoundSegment[],
    oldest: number,
    open: (segment: FoundSegment) => Promise<OpenedSegment>,
  ): Promise<void> {
    const first = segments[0];
    // The file of the oldest is gone; nobody knows which frames it held.
    if (first !== undefined && oldest > 0 && first.generation > oldest)
      this.lose('', 0, 0, (first.firstFrame ?? 1) - 1, null);
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1] ?? null;
      this.arrive(segment, index === 0);
      const opened = await open(segment);
      try {
        await this.readSegment(segment, opened.reader, next);
      } finally {
        this.readErrors += opened.reader.readErrors;
        await opened.file.close();
      }
      if (this.cut !== null) break;
    }
    this.end.frame = this.expected - 1;
    this.end.checksum = this.chain ?? 0;
    if (this.cut === null) this.checkMark(segments.at(-1)?.slot.path ?? '');
  }

  private arrive(segment: FoundSegment, isFirst: boolean): void {
    const { firstFrame, chain, slot } = segment;
    if (firstFrame === null) {
      // Its head is lost; what its first frame says is all there is to go by.
      if (isFirst) this.chain = null;
      return;
    }
    if (!isFirst && firstFrame > this.expected) this.lose(slot.path, 0, 0, firstFrame - 1, null);
    this.expected = firstFrame;
    this.chain = chain;
  }

  private async readSegment(segment: FoundSegment, reader: SegmentReader, next: FoundSegment | null): Promise<void> {
    const limit = next === null ? Infinity : (next.firstFrame ?? next.lowestFrame);
    let position = FRAMES_START;
    this.unproven = [];
    this.later = null;
    if (segment.firstFrame === null) this.expected = Math.max(this.expected, segment.lowestFrame);
    while (this.expected < limit) {
      const found = reader.frameInWindow(position) ?? (await reader.frameAt(position));
      if (found.isWhole && this.isNext(found)) {
        if (found.header.number > this.settled && !(await this.isBrought(found))) {
          if (await this.isTorn(reader, found, position, limit)) {
            this.cut = { path: segment.slot.path, offset: position, frame: this.expected };
            return;
          }
          // What was read of it may have been overwritten while others were looked at.
          this.settled = found.header.number;
          continue;
        }
        this.deliver(found, segment.generation);
        this.noteUnproven(found, position);
        this.end.offset = position;
        position = found.end;
        continue;
      }
      if (next === null && this.isKnownEnd(segment)) return;
      const resumed = await this.judge(segment, reader, position, limit, found);
      if (resumed === null) return;
      position = resumed;
    }
  }

  private async isBrought(frame: WholeFrame): Promise<boolean> {
    const { visitor } = this;
    if ((frame.header.flags & FrameFlag.refers) === 0 || visitor.bring === undefined) return true;
    return visitor.bring(frame);
  }

  /** A frame that speaks of what is not there: unless something says that it was synced, it never was. */
  private async isTorn(reader: SegmentReader, { header }: WholeFrame, position: number, limit: number) {
    if (limit !== Infinity) return false;
    this.later ??= await laterFrames(reader, position);
    return header.number > Math.max(this.mark?.frame ?? 0, this.later.newestSynced);
  }

  /** Whole frames of which nothing says that they were ever synced: they may stand in memory only. */
  private noteUnproven({ header, end }: WholeFrame, position: number): void {
    const proven = Math.max(header.newestSynced, this.mark?.frame ?? 0);
    this.unproven = this.unproven.filter((frame) => frame.number > proven);
    if (header.number > proven) this.unproven.push({ number: header.number, position, end });
  }

  private isNext(frame: WholeFrame): boolean {
    return frame.header.number === this.expected && (this.chain === null || frame.header.chain === this.chain);
  }

  /** The journal was closed right here. */
  private isKnownEnd(segment: FoundSegment): boolean {
    const { mark } = this;
    return mark?.isLast === true && mark.generation === segment.generation && mark.frame === this.expected - 1;
  }

  /** What a frame that is not the expected one means. Answers where to read on; null at the end. */
  private async judge(
    segment: FoundSegment,
    reader: SegmentReader,
    position: number,
    limit: number,
    found: FoundFrame,
  ): Promise<number | null> {
    this.later ??= await laterFrames(reader, position);
    const { later } = this;
    const isLast = limit === Infinity;
    const proven = isLast ? Math.max(this.mark?.frame ?? 0, later.newestSynced) : limit - 1;
    const { path } = segment.slot;
    if (this.expected > proven) {
      // Only the last segment ends like this; any other is left when all of it is synced.
      this.cut = { path, offset: position, frame: this.expected };
      return null;
    }
    const stores = !found.isWhole && found.header?.number === this.expected ? found.stores : null;
    const next = nextOf(later.frames, position, this.expected, limit);
    if (next === undefined || next.number > proven + 1) {
      this.lose(path, position, reader.size, proven, stores);
      if (isLast) this.cut = { path, offset: position, frame: this.expected };
      return null;
    }
    if (next.number === this.expected) return next.position;
    this.lose(path, position, next.position, next.number - 1, next.number === this.expected + 1 ? stores : null);
    return next.position;
  }

  /** Frames up to a number are gone. */
  private lose(path: string, from: number, to: number, lastFrame: number, stores: readonly number[] | null): void {
    const frames = lastFrame - this.expected + 1;
    const records = to > from ? Math.ceil((to - from) / RECORD_BYTES_MIN) : Math.max(0, frames) * RECORDS_OF_A_FRAME;
    const hole = { path, from, to, firstFrame: this.expected, lastFrame, records, stores };
    this.holes.push(hole);
    this.visitor.hole(hole);
    this.expected = lastFrame + 1;
    this.chain = null;
  }

  private deliver(frame: WholeFrame, generation: number): void {
    const { header, bytes } = frame;
    const view = viewOf(bytes);
    for (let at = frame.from; at < frame.to; ) {
      const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 4, true);
      const store = view.getUint32(at + 8, true);
      const data = at + RECORD_HEADER_BYTES;
      if (header.kind === FrameKind.carried) this.visitor.carried(store, bytes, data, end);
      else this.visitor.record(store, view.getUint32(at + 12, true), bytes, data, end, generation);
      at = end;
    }
    this.frames++;
    this.records += header.recordCount;
    this.expected = header.number + 1;
    this.chain = frame.checksum;
  }

  /** A note of the tail may speak of frames whose files are gone. */
  private checkMark(path: string): void {
    if (this.mark === null || this.mark.frame < this.expected) return;
    this.lose(path, 0, 0, this.mark.frame, null);
    this.end.frame = this.mark.frame;
  }
}

export interface OpenedSegment {
  readonly file: OpenFile;
  readonly reader: SegmentReader;
}

interface FrameAt {
  readonly number: number;
  readonly position: number;
}

interface LaterFrames {
  /** The newest frame that one of them knew to be synced. */
  readonly newestSynced: number;
  readonly frames: readonly FrameAt[];
}

/** The next in number, not in place: a frame that was written to a wrong place must not hide those before it. */
function nextOf(frames: readonly FrameAt[], position: number, expected: number, limit: number): FrameAt | undefined {
  let next: FrameAt | undefined;
  for (const frame of frames) {
    if (frame.position < position || frame.number < expected || frame.number >= limit) continue;
    // The expected one is not what stands here, but it may stand behind something that does not belong here.
    if (frame.number === expected && frame.position === position) continue;
    if (next === undefined || frame.number < next.number) next = frame;
  }
  return next;
}

/** The whole frames of a segment beyond a place where there is none. */
async function laterFrames(reader: SegmentReader, from: number): Promise<LaterFrames> {
  const frames: FrameAt[] = [];
  let newestSynced = 0;
  for (let position = from; position < reader.size; ) {
    const found = reader.frameInWindow(position) ?? (await reader.frameAt(position));
    if (!found.isWhole) {
      position += SECTOR_BYTES;
      continue;
    }
    frames.push({ number: found.header.number, position });
    newestSynced = Math.max(newestSynced, found.header.newestSynced);
    position = found.end;
  }
  return { newestSynced, frames };
}
