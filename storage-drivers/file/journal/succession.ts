/** How one segment follows another: which file it takes, what its head says, and what has to be gone before. */
import type { OpenFile } from '../../../kernel/plugin-api.ts';
import { datasync, isOutOfSpace, writeAt } from '../file-calls.ts';
import { ActiveSegment, type ChainEnd, keyPlace, sealedBytesMax } from './active-segment.ts';
import type { FoundSegment } from './find-segments.ts';
import { FrameBuilder } from './frame-builder.ts';
import { FrameKind } from './frame-format.ts';
import type { FramePatches } from './frame-patches.ts';
import type { JournalOptions, JournalWorld } from './journal-options.ts';
import type { JournalStore } from './journal-store.ts';
import { FRAMES_START, segmentHead, WRAPPED_KEY_BYTES } from './segment-format.ts';
import type { Segments, Slot } from './segments.ts';

const RETRY_MS = 1000;
const RECORD_TYPE_CARRIED = 0;

export interface SuccessionEvents {
  /** There is no room for another segment, or there is again. */
  room(cause: Error | null): void;
}

export class Succession {
  active: ActiveSegment | null = null;
  /** The file that is about to become the active one. */
  private arriving: Slot | null = null;
  /** The generation of the newest segment. */
  generation: number;
  /** Segments before this one are needed by nobody. */
  oldest = 0;
  /** The newest frame that was written, and the newest of those that were synced. */
  readonly written: ChainEnd;
  readonly synced: ChainEnd;
  segmentCount = 0;
  /** What is needed to read the segments that are kept, by generation. */
  private known: FoundSegment[] = [];
  private readonly options: JournalOptions;
  private readonly world: JournalWorld;
  private readonly segments: Segments;
  private readonly patches: FramePatches;
  private readonly stores: ReadonlyMap<number, JournalStore>;
  private readonly events: SuccessionEvents;
  /** More is kept than should be: nothing that can wait is taken until stores have let go of the oldest segments. */
  isOverLimit = false;
  private preparing: Promise<void> | null = null;
  private isClosed = false;

  constructor(
    options: JournalOptions,
    world: JournalWorld,
    parts: { segments: Segments; patches: FramePatches; stores: ReadonlyMap<number, JournalStore> },
    end: ChainEnd,
    events: SuccessionEvents,
  ) {
    this.options = options;
    this.world = world;
    this.segments = parts.segments;
    this.stores = parts.stores;
    this.patches = parts.patches;
    this.events = events;
    this.written = { ...end };
    this.synced = { ...end };
    this.generation = end.generation;
  }

  get fileBytes(): number {
    return this.segments.bytes + (this.active?.slot.bytes ?? 0);
  }

  /** All files that hold, or held, frames. */
  get slots(): Slot[] {
    const written = this.active?.slot ?? this.arriving;
    return written === null ? this.segments.all : [...this.segments.all, written];
  }

  /** Segments before this one are read by nobody, whatever happens. */
  get statedOldest(): number {
    return this.segments.statedOldest;
  }

  /** Segments that were there before. */
  adopt(segments: readonly FoundSegment[]): void {
    this.known.push(...segments);
  }

  /** The segments from a generation on, as long as they are kept. */
  segmentsFrom(generation: number): FoundSegment[] {
    return this.known.filter((segment) => segment.generation >= generation);
  }

  wasSynced(): void {
    copyEnd(this.written, this.synced);
  }

  /** What was written and not synced did not happen. */
  takeBack(): void {
    copyEnd(this.synced, this.written);
  }

  /** The active segment is done with. Its frames are synced, or do not count. */
  async leave(): Promise<void> {
    const { active } = this;
    if (active === null) return;
    this.active = null;
    const { path, bytes } = active.slot;
    this.segments.sealed.push({ path, bytes, generation: active.family.generation });
    await active.file.close();
  }

  /** Begins a segment in which a frame of `needed` bytes has room, and waits until its head is synced. */
  async activate(needed: number): Promise<void> {
    const carried = this.carriedFrames();
    const least = Math.max(this.options.firstSegmentBytes, FRAMES_START + needed + lengthOf(carried));
    this.findOldest();
    const { slot, file } = await this.segments.take(least, Math.max(least, this.nextBytes));
    this.arriving = slot;
    try {
      await this.begin(slot, file, carried);
      this.arriving = null;
    } catch (error) {
      this.arriving = null;
      this.takeBack();
      await file.close().catch(() => {});
      this.segments.adopt([], [], [slot]);
      throw error;
    }
  }

  /** Sees to it that the next segment is there before it is needed. */
  prepareNext(): void {
    if (this.preparing !== null || this.isClosed) return;
    this.preparing = this.prepare().then(
      () => this.prepared(null),
      (error: Error) => this.prepared(error),
    );
  }

  /** A store needs less than before. */
  released(): void {
    if (this.isOverLimit) this.findOldest();
  }

  /** Nothing is written any more when that is done. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.preparing;
    await this.segments.close();
  }

  private async prepare(): Promise<void> {
    this.findOldest();
    await this.segments.prepare(this.options.firstSegmentBytes, this.nextBytes);
    if (!this.isClosed) await this.segments.keepReserve();
  }

  private prepared(error: Error | null): void {
    this.preparing = null;
    if (this.isClosed) return;
    this.events.room(error);
    if (error === null) return;
    if (isOutOfSpace(error)) void this.segments.useReserve().catch(() => {});
    this.world.clock.after(RETRY_MS, () => this.prepareNext());
  }

  private async begin(slot: Slot, file: OpenFile, carried: readonly FrameBuilder[]): Promise<void> {
    const generation = this.generation + 1;
    const { keys, compression, uuid, incarnation } = this.options;
    const oldestGeneration = this.oldest;
    const [firstFrame, chain] = [this.synced.frame + 1, this.synced.checksum];
    const fresh = keys?.fresh(keyPlace(generation)) ?? null;
    const head = segmentHead({
      uuid,
      generation,
      incarnation,
      firstFrame,
      chain,
      oldestGeneration,
      bytes: slot.bytes,
      cipher: fresh?.cipher.cipherNumber ?? 0,
      wrappedKey: fresh?.wrapped ?? new Uint8Array(WRAPPED_KEY_BYTES),
    });
    const active = new ActiveSegment(slot, file, { uuid, generation }, fresh?.cipher ?? null, compression);
    const pieces = [head];
    // A number is used up even if this fails: nobody may mistake what is left of it for the one that follows.
    this.generation = generation;
    for (const frame of carried) {
      active.append(frame, FrameKind.carried, this.written, this.synced.frame, this.oldest, pieces);
    }
    await writeAt(file, pieces, 0);
    await datasync(file);
    this.wasSynced();
    this.segments.statedOldest = oldestGeneration;
    // What is left of them does no harm, and goes at the next start.
    void this.patches.releaseBefore(oldestGeneration).catch(() => {});
    this.segmentCount++;
    this.active = active;
    if (this.segments.sealedBytes * 2 > this.options.journalBytesMax) this.press();
    this.known.push({
      slot: { ...slot, generation },
      generation,
      oldestGeneration,
      firstFrame,
      chain,
      lowestFrame: firstFrame,
      cipher: active.cipher,
    });
  }

  /** The state that every segment repeats, so that no older one has to be read for it. */
  private carriedFrames(): FrameBuilder[] {
    const frames: FrameBuilder[] = [];
    let frame: FrameBuilder | null = null;
    for (const store of this.stores.values()) {
      const { carried } = store;
      if (carried === null) continue;
      if (frame === null || !frame.fits(carried.length)) {
        frame = new FrameBuilder(this.options.frameBytes);
        frame.reset(-2 - frames.length);
        frames.push(frame);
      }
      frame.bytes.set(carried, frame.open(carried.length));
      frame.close(store, RECORD_TYPE_CARRIED, carried.length, 0);
    }
    return frames;
  }

  /** Asks those for help who need the oldest segment. */
  private press(): void {
    const oldest = this.segments.sealed[0]?.generation ?? 0;
    for (const store of this.stores.values()) if (store.pin <= oldest) store.listener.pressed();
  }

  /** Files that have to be made become larger and larger: whoever can do with the first few never needs the others. */
  private get nextBytes(): number {
    const { firstSegmentBytes, segmentBytes } = this.options;
    return Math.min(segmentBytes, firstSegmentBytes * 2 ** Math.max(0, this.segments.made - 1));
  }

  private findOldest(): void {
    let oldest = this.generation + 1;
    for (const store of this.stores.values()) oldest = Math.min(oldest, store.pin);
    if (this.active !== null) oldest = Math.min(oldest, this.generation);
    this.oldest = oldest;
    this.known = this.known.filter((segment) => segment.generation >= oldest);
    this.segments.releaseBefore(oldest);
    const kept = this.segments.sealedBytes + (this.active?.slot.bytes ?? 0);
    this.isOverLimit = kept > this.options.journalBytesMax;
  }
}

function copyEnd(from: ChainEnd, to: ChainEnd): void {
  to.frame = from.frame;
  to.checksum = from.checksum;
  to.generation = from.generation;
  to.offset = from.offset;
}

function lengthOf(frames: readonly FrameBuilder[]): number {
  return frames.reduce((sum, frame) => sum + sealedBytesMax(frame), 0);
}
