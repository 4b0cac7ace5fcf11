/**
 * Writes what waits and syncs it, one commit after the other. A commit that fails takes everything with it that waits: what is not
 * known to be on the disk was not written, and a later sync would prove nothing. Writing goes on in a new segment, whose head says
 * where the frames before it end.
 */
import type { Timer } from '../../../kernel/plugin-api.ts';
import { datasync, isOutOfSpace } from '../file-calls.ts';
import { type ActiveSegment, sealedBytesMax } from './active-segment.ts';
import type { FrameBuilder } from './frame-builder.ts';
import { FrameKind } from './frame-format.ts';
import type { JournalOptions, JournalWorld } from './journal-options.ts';
import type { JournalStore } from './journal-store.ts';
import type { Lanes } from './lanes.ts';
import type { Succession } from './succession.ts';
import type { TailMarks } from './tail-mark.ts';

const RETRY_MS = 1000;
const WRITTEN_AT_ONCE_MAX = 16_384;
const SLOW_MS = 1;
/** By how much the thread has the work longer than the write took: others wait for the disk a tenth of the time at most. */
const SLOW_PART = 10;
/** After so many tries that fail for another reason than room, the disk is given up, though tried on. */
const TRIES_BEFORE_FAILED = 3;

interface Job {
  readonly work: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

export interface CommitEvents {
  /** Writing stopped; what was not durable is lost. */
  stopped(cause: Error): void;
  /** Writing goes on. */
  resumed(): void;
  /** The disk was tried again and again. */
  gaveUp(cause: Error): void;
}

export class CommitLoop {
  commits = 0;
  syncs = 0;
  bytes = 0;
  failures = 0;
  marksWritten = 0;
  private readonly options: JournalOptions;
  private readonly world: JournalWorld;
  private readonly lanes: Lanes;
  private readonly marks: TailMarks;
  private readonly succession: Succession;
  private readonly events: CommitEvents;
  private frames: FrameBuilder[] = [];
  /** What did not fit in the last segment. */
  private waiting: FrameBuilder[] = [];
  private readonly pieces: Uint8Array[] = [];
  private readonly touched: JournalStore[] = [];
  /** With a sync interval: who was told that something is durable that no sync has reached yet. */
  private readonly ahead = new Set<JournalStore>();
  private serial = 0;
  private isScheduled = false;
  private isBusy = true;
  private isClosing = false;
  private isStopped = false;
  /** Of one that was made between two commits. */
  private syncFailure: Error | null = null;
  private syncedAtMs: number;
  private slowUntilMs = 0;
  private finishedAtMs = 0;
  private markedFrame = 0;
  private marking: Promise<void> | null = null;
  private idleTimer: Timer | null = null;
  private whenIdle: (() => void)[] = [];
  private readonly jobs: Job[] = [];
  private readonly commitNow = () => this.commit();
  private readonly whenSafe = (error: Error | null): void => {
    if (error !== null) {
      this.fail(error);
      return;
    }
    this.wasSynced();
    this.goOn();
  };

  constructor(
    options: JournalOptions,
    world: JournalWorld,
    parts: { lanes: Lanes; marks: TailMarks; succession: Succession },
    events: CommitEvents,
  ) {
    this.options = options;
    this.world = world;
    this.lanes = parts.lanes;
    this.marks = parts.marks;
    this.succession = parts.succession;
    this.events = events;
    this.syncedAtMs = world.clock.monotonic();
  }

  /** Begins a segment of its own: after a crash nothing is added to one that may be torn. */
  async start(): Promise<void> {
    await this.succession.activate(0);
    this.succession.prepareNext();
    this.isBusy = false;
    this.commit();
  }

  /** A commit follows once the current turn's input has been handled, or when the one under way is done. */
  schedule(): void {
    if (this.isScheduled || this.isBusy) return;
    this.isScheduled = true;
    this.world.clock.afterInput(this.commitNow);
  }

  /** Does something between two commits. */
  exclusively(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isClosing || this.isStopped) reject(new Error('the journal cannot be written'));
      else this.jobs.push({ work, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves when everything that was appended is durable or has failed. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.whenIdle.push(resolve);
      this.schedule();
    });
  }

  /** Writes what waits, and notes that it is the end. */
  async close(): Promise<void> {
    await this.idle();
    this.isClosing = true;
    this.isBusy = true;
    for (const { reject } of this.jobs.splice(0)) reject(new Error('the journal is closed'));
    this.idleTimer?.cancel();
    await this.marking;
    const { active } = this.succession;
    try {
      if (active !== null) await this.end(active);
    } finally {
      await this.succession.leave();
      await this.succession.close();
      await this.marks.close();
    }
  }

  private async end(active: ActiveSegment): Promise<void> {
    const { synced, written } = this.succession;
    if (synced.frame < written.frame) await this.syncAll(active);
    this.succession.wasSynced();
    await this.marks.write(this.markOf(true));
  }

  private commit(): void {
    this.isScheduled = false;
    if (this.isBusy || this.isClosing) return;
    if (this.syncFailure !== null) {
      this.isBusy = true;
      this.fail(this.syncFailure);
      return;
    }
    const job = this.jobs.shift();
    if (job !== undefined) {
      this.doJob(job);
      return;
    }
    const frames = this.waiting.length > 0 ? this.waiting : this.lanes.take();
    this.waiting = [];
    if (frames.length === 0) {
      this.rest();
      return;
    }
    this.isBusy = true;
    this.frames = frames;
    const { forerunner } = this.options;
    if (forerunner === null || !forerunner.isWaiting || !frames.some(({ refers }) => refers)) this.place(frames);
    else forerunner.write((error) => (error === null ? this.place(frames) : void this.failWithout(error)));
  }

  /** Nothing of these frames is in the journal. What was told to be durable before is harmed by no failure of theirs. */
  private async failWithout(cause: Error): Promise<void> {
    const { active, synced, written } = this.succession;
    try {
      if (active !== null && synced.frame < written.frame) {
        await this.syncAll(active);
        this.wasSynced();
      }
    } catch {
      // Then it goes the way of what a failed sync was for.
    }
    this.fail(cause);
  }

  private doJob({ work, resolve, reject }: Job): void {
    this.isBusy = true;
    const goOn = () => {
      this.isBusy = false;
      this.commit();
    };
    work().then(resolve, reject).then(goOn);
  }

  private place(frames: FrameBuilder[]): void {
    const { active } = this.succession;
    this.frames = frames;
    const count = active === null ? 0 : active.countFitting(frames);
    if (active === null || count === 0) this.changeSegment(sealedBytesMax(frames[0]!));
    else {
      if (count < frames.length) this.waiting = frames.splice(count);
      this.write(active, frames);
    }
  }

  private write(active: ActiveSegment, frames: readonly FrameBuilder[]): void {
    const { pieces, succession } = this;
    const from = active.position;
    pieces.length = 0;
    for (const frame of frames) {
      active.append(frame, FrameKind.records, succession.written, succession.synced.frame, succession.oldest, pieces);
      for (let slot = 0; slot < frame.storeCount; slot++) {
        frame.stores[slot]!.placed(active.family.generation, frame.tickets[slot]!);
      }
    }
    const size = active.position - from;
    this.bytes += size;
    if (this.options.syncIntervalMs === 0) active.file.writeSafely(pieces, from, this.whenSafe);
    else if (size > WRITTEN_AT_ONCE_MAX || this.world.clock.monotonic() < this.slowUntilMs) {
      active.file.write(pieces, from, (error) => {
        if (error !== null) this.fail(error);
        else if (this.isSyncDue()) this.sync(active);
        else this.goOn();
      });
    } else this.writeAtOnce(active, from);
  }

  /**
   * In the weaker mode a little goes to the system's memory faster than to a thread and back. As soon as that takes long, because the
   * system waits for the disk, it is left to the thread for a while.
   */
  private writeAtOnce(active: ActiveSegment, from: number): void {
    const { clock } = this.world;
    const began = clock.monotonic();
    let failure: Error | null = null;
    try {
      active.file.writeNow(this.pieces, from);
    } catch (error) {
      failure = error as Error;
    }
    const ended = clock.monotonic();
    if (ended - began > SLOW_MS) this.slowUntilMs = ended + SLOW_PART * (ended - began);
    if (failure !== null) this.fail(failure);
    else if (this.isSyncDue()) this.sync(active);
    else {
      this.finish();
      // In another turn: one commit must not lead to the next for ever.
      this.schedule();
    }
  }

  private isSyncDue(): boolean {
    return this.world.clock.monotonic() - this.syncedAtMs >= this.options.syncIntervalMs;
  }

  private sync(active: ActiveSegment): void {
    const { forerunner } = this.options;
    const sync = () => active.file.datasync(this.whenSafe);
    if (forerunner === null) sync();
    else forerunner.sync((error) => (error === null ? sync() : this.fail(error)));
  }

  /** The same for those who wait. */
  private async syncAll(active: ActiveSegment): Promise<void> {
    const { forerunner } = this.options;
    if (forerunner !== null)
      await new Promise<void>((resolve, reject) =>
        forerunner.sync((error) => (error === null ? resolve() : reject(error))),
      );
    await datasync(active.file);
  }

  private wasSynced(): void {
    this.succession.wasSynced();
    this.ahead.clear();
    this.syncedAtMs = this.world.clock.monotonic();
    this.syncs++;
  }

  private finish(): void {
    const { frames, touched } = this;
    this.frames = [];
    this.commits++;
    this.collect(frames);
    for (const frame of frames) {
      for (let slot = 0; slot < frame.storeCount; slot++) frame.stores[slot]!.durable = frame.tickets[slot]!;
    }
    // Whoever hears of it may append at once; that is taken along by the commit below. The frames stay as they are until all have heard.
    const isAhead = this.succession.synced.frame < this.succession.written.frame;
    for (const store of touched) {
      if (isAhead) this.ahead.add(store);
      store.listener.durable(store.durable);
    }
    touched.length = 0;
    this.lanes.giveBack(frames);
    this.isBusy = false;
  }

  private goOn(): void {
    this.finish();
    this.commit();
  }

  /** The stores of these frames, each once. */
  private collect(frames: readonly FrameBuilder[]): void {
    const serial = ++this.serial;
    for (const frame of frames) {
      for (const store of frame.stores) {
        if (store.commitSerial === serial) continue;
        store.commitSerial = serial;
        this.touched.push(store);
      }
    }
  }

  // --- The next segment, or another one after a failure ---

  private changeSegment(needed: number): void {
    this.nextSegment(needed).then(
      () => {
        this.succession.prepareNext();
        this.place(this.frames);
      },
      (error: Error) => this.fail(error),
    );
  }

  /** All frames of a segment are synced before there is a next one. Only while nothing else is under way. */
  async nextSegment(needed: number): Promise<void> {
    const { active, synced, written } = this.succession;
    if (active !== null) {
      if (synced.frame < written.frame) {
        await this.syncAll(active);
        this.wasSynced();
      }
      await this.succession.leave();
    }
    await this.succession.activate(needed);
  }

  private fail(cause: Error): void {
    this.failures++;
    this.syncFailure = null;
    this.isStopped = true;
    const lost = [...this.frames, ...this.waiting, ...this.lanes.drop()];
    this.frames = [];
    this.waiting = [];
    this.options.forerunner?.drop();
    this.collect(lost);
    this.succession.takeBack();
    this.events.stopped(cause);
    for (const { reject } of this.jobs.splice(0)) reject(cause);
    // What no sync has reached does not count any more, whoever has heard that it does.
    for (const store of new Set([...this.touched.splice(0), ...this.ahead])) {
      store.failure = cause;
      store.listener.failed(cause);
    }
    this.ahead.clear();
    this.lanes.giveBack(lost);
    void this.recover();
  }

  private async recover(): Promise<void> {
    // What is left in the file does not count; the head of the next segment says so.
    await this.succession.leave().catch(() => {});
    for (let tries = 1; ; tries++) {
      try {
        await this.succession.activate(0);
        break;
      } catch (error) {
        this.failures++;
        if (tries >= TRIES_BEFORE_FAILED && !isOutOfSpace(error)) this.events.gaveUp(error as Error);
        if (this.whenIdle.length > 0) this.rest();
        await new Promise<void>((resolve) => this.world.clock.after(RETRY_MS, resolve));
        if (this.isClosing) return;
      }
    }
    if (this.isClosing) return;
    this.succession.prepareNext();
    this.isStopped = false;
    this.events.resumed();
    this.isBusy = false;
    this.commit();
  }

  /** Whatever was written is synced, and it is noted that it was. Only while nothing else is under way. */
  async syncNow(): Promise<void> {
    const { active, synced, written } = this.succession;
    if (active === null || synced.frame >= written.frame) return;
    try {
      await this.syncAll(active);
    } catch (error) {
      this.syncFailure = error as Error;
      throw error;
    }
    this.wasSynced();
    await this.marks.write(this.markOf(false));
  }

  // --- Nothing to do ---

  private rest(): void {
    this.finishedAtMs = this.world.clock.monotonic();
    for (const resolve of this.whenIdle.splice(0)) resolve();
    this.watch();
  }

  /** One timer for what follows when nothing else does: the note of the tail, and the late sync of the weaker mode. */
  private watch(): void {
    if (this.idleTimer !== null || this.isClosing || !this.hasLateWork()) return;
    this.idleTimer = this.world.clock.after(this.lateDelay(), () => {
      this.idleTimer = null;
      if (this.isBusy || this.isClosing) return;
      this.workLate();
      this.watch();
    });
  }

  private hasLateWork(): boolean {
    const { synced, written } = this.succession;
    return synced.frame < written.frame || this.markedFrame < synced.frame;
  }

  private lateDelay(): number {
    const { synced, written } = this.succession;
    const { syncIntervalMs, tailMarkDelayMs } = this.options;
    if (synced.frame === written.frame) return tailMarkDelayMs;
    return Math.max(tailMarkDelayMs, this.syncedAtMs + syncIntervalMs - this.world.clock.monotonic());
  }

  private workLate(): void {
    const { active, synced, written } = this.succession;
    if (synced.frame < written.frame) {
      if (!this.isSyncDue() || active === null) return;
      this.isBusy = true;
      this.sync(active);
    } else if (this.world.clock.monotonic() - this.finishedAtMs >= this.options.tailMarkDelayMs) this.mark();
  }

  private mark(): void {
    if (this.marking !== null) return;
    this.markedFrame = this.succession.synced.frame;
    const written = () => {
      this.marksWritten++;
    };
    // Without the note a later damage of the last frame may be taken for a torn one; nothing else depends on it.
    const failed = () => {
      this.failures++;
    };
    this.marking = this.marks
      .write(this.markOf(false))
      .then(written, failed)
      .then(() => {
        this.marking = null;
      });
  }

  private markOf(isLast: boolean) {
    const { frame, checksum, generation, offset } = this.succession.synced;
    return { frame, checksum, generation, offset, isLast };
  }
}
