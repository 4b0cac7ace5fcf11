/** Destroys records in all files of the journal: those that are needed, and those that wait to be used again (S-24). */
import type { Disk } from '../../../kernel/plugin-api.ts';
import { datasync, writeAt } from '../file-calls.ts';
import type { ActiveSegment } from './active-segment.ts';
import { type FoundSegment, findSegment, openSegment } from './find-segments.ts';
import { type FileListing, type KeyOf, type ListedFrame, listFrames, visitRecords } from './frame-directory.ts';
import type { FramePatches } from './frame-patches.ts';
import type { JournalOptions } from './journal-options.ts';
import { RECORD_HEADER_BYTES } from './record-format.ts';
import type { Slot } from './segments.ts';

/** Listings are made again when they have become too many. */
const LISTED_MAX = 500_000;

export interface Erasure {
  readonly keyOf: KeyOf;
  /** Whether any of a store's records between two keys may have to be destroyed. */
  mayHold(store: number, min: number, max: number): boolean;
  /** Whether the record has to be; its data begins at `at`. */
  isMeant(store: number, key: number, view: DataView, at: number): boolean;
  /** Overwrites what is in the record that begins at a place, so that it is as long as before and whole. */
  wipe(bytes: Uint8Array, view: DataView, at: number, end: number): void;
}

/** What the eraser needs of the journal. */
export interface ErasableJournal {
  readonly slots: readonly Slot[];
  readonly active: ActiveSegment | null;
  /** Segments before this one are read by nobody. */
  readonly oldest: number;
  /** While nothing is written, and no file changes hands. */
  exclusively(work: () => Promise<void>): Promise<void>;
}

interface Target {
  readonly path: string;
  /** Of the segment that had the file when it was looked at. */
  readonly generation: number;
  /** One of the segment's own frames. Anything else counts only behind all of those. */
  readonly isOwn: boolean;
  readonly from: number;
  readonly to: number;
}

/** So often files may change hands while they are looked at. */
const TRIES_MAX = 10;

export class JournalEraser {
  private readonly disk: Disk;
  private readonly options: JournalOptions;
  private readonly patches: FramePatches;
  private readonly journal: ErasableJournal;
  private readonly listings = new Map<string, FileListing>();

  constructor(disk: Disk, options: JournalOptions, patches: FramePatches, journal: ErasableJournal) {
    this.disk = disk;
    this.options = options;
    this.patches = patches;
    this.journal = journal;
  }

  async erase(erasure: Erasure): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const targets: Target[] = [];
      const moving: Slot[] = [];
      for (const slot of [...this.journal.slots]) {
        if (!(await this.prepare(slot, erasure, targets, false))) moving.push(slot);
      }
      let isDone = true;
      if (targets.length > 0 || moving.length > 0) {
        await this.journal.exclusively(async () => {
          for (const slot of moving) await this.prepare(slot, erasure, targets, true);
          isDone = await this.overwrite(targets, erasure);
        });
      }
      if (isDone) return;
    }
    throw new Error('the files of the journal change faster than they can be looked at');
  }

  /**
   * Finds what is to be overwritten in a file, and writes down what has to stand in for it. False when the file is just about to become
   * another segment.
   */
  private async prepare(slot: Slot, erasure: Erasure, targets: Target[], isQuiet: boolean): Promise<boolean> {
    if (!isQuiet && this.isFreeOf(slot, erasure)) return true;
    const segment = await findSegment(this.disk, slot.path, this.options);
    if (segment === null) return true;
    const { generation } = segment;
    const { path } = slot;
    if (!isQuiet && !this.isKnown(path, generation)) return false;
    const listing = await this.listing(segment, erasure.keyOf);
    const isNeeded = generation >= this.journal.oldest;
    for (const frame of listing.frames) {
      if (!mayHold(frame, erasure)) continue;
      const isOwn = frame.generation === generation;
      if (isOwn && isNeeded && !(await this.patch(segment, frame, erasure))) continue;
      targets.push({ path, generation, isOwn, from: isOwn ? frame.bodyAt : frame.position, to: frame.end });
    }
    for (const { from, to } of listing.remains) targets.push({ path, generation, isOwn: false, from, to });
    return true;
  }

  /**
   * Whether nothing that is meant stands in a file, by what is known of it. Nothing was written to it since; and should it be about to
   * become another segment, what is meant was written before.
   */
  private isFreeOf({ path, generation }: Slot, erasure: Erasure): boolean {
    const known = this.listings.get(path);
    if (known === undefined || !known.isFinal || known.generation !== generation) return false;
    if (this.journal.active?.slot.path === path || known.remains.length > 0) return false;
    return !known.frames.some((frame) => mayHold(frame, erasure));
  }

  private isKnown(path: string, generation: number): boolean {
    const { active, slots } = this.journal;
    if (active?.slot.path === path) return active.family.generation === generation;
    return slots.some((slot) => slot.path === path && slot.generation === generation);
  }

  private async listing(segment: FoundSegment, keyOf: KeyOf): Promise<FileListing> {
    const { path } = segment.slot;
    const known = this.listings.get(path);
    const isKnown = known?.generation === segment.generation;
    const { disk, options, patches } = this;
    const listing = await listFrames(
      disk,
      segment,
      { ...options, patches },
      keyOf,
      isKnown ? known : null,
      this.writtenTo(path),
    );
    let listed = listing.frames.length;
    for (const each of this.listings.values()) listed += each.frames.length;
    if (listed > LISTED_MAX) this.listings.clear();
    this.listings.set(path, listing);
    return listing;
  }

  /** False when the record is not in it after all. */
  private async patch(segment: FoundSegment, { position, bodyAt }: ListedFrame, erasure: Erasure): Promise<boolean> {
    const { disk, options, patches } = this;
    const { file, reader } = await openSegment(disk, segment, { ...options, patches });
    try {
      const found = await reader.frameAt(position);
      if (!found.isWhole) return false;
      const bytes = found.bytes.slice(found.from, found.to);
      const frame = { ...found, bytes, from: 0, to: bytes.length };
      let wiped = 0;
      visitRecords(frame, (view, at, end) => {
        const data = at + RECORD_HEADER_BYTES;
        const key = erasure.keyOf(view.getUint32(at + 12, true), view, data);
        if (key < 0 || !erasure.isMeant(view.getUint32(at + 8, true), key, view, data)) return;
        erasure.wipe(bytes, view, at, end);
        wiped++;
      });
      if (wiped > 0) await patches.put({ generation: segment.generation, position, bodyAt, frame });
      return wiped > 0;
    } finally {
      await file.close();
    }
  }

  /** False when a file belongs to another segment by now: then it has to be looked at again. */
  private async overwrite(targets: readonly Target[], erasure: Erasure): Promise<boolean> {
    const byPath = new Map<string, Target[]>();
    for (const target of targets) byPath.set(target.path, [...(byPath.get(target.path) ?? []), target]);
    let isDone = true;
    for (const [path, own] of byPath) {
      const segment = await findSegment(this.disk, path, this.options).catch(() => null);
      if (segment === null || segment.generation !== own[0]!.generation) isDone = false;
      else await this.overwriteIn(segment, own, erasure);
    }
    return isDone;
  }

  private async overwriteIn(segment: FoundSegment, targets: readonly Target[], erasure: Erasure): Promise<void> {
    const listing = await this.listing(segment, erasure.keyOf);
    // Nothing is under way now, so what it has got to is what stands there, be all of it readable or not.
    listing.ownEnd = Math.max(listing.ownEnd, this.writtenTo(segment.slot.path) ?? 0);
    const file = await this.disk.open(segment.slot.path, 'update');
    try {
      for (const { isOwn, from, to } of targets) {
        const start = isOwn ? from : Math.max(from, listing.ownEnd);
        if (start < to) await writeAt(file, [new Uint8Array(to - start)], start);
      }
      await datasync(file);
    } finally {
      await file.close();
    }
    listing.remains.length = 0;
  }

  private writtenTo(path: string): number | null {
    const { active } = this.journal;
    return active?.slot.path === path ? active.position : null;
  }
}

function mayHold({ spans }: ListedFrame, erasure: Erasure): boolean {
  return spans.some(({ store, min, max }) => erasure.mayHold(store, min, max));
}
