/**
 * What waits to be written: three queues of frames. A store with much to write waits in the last of them, behind everybody with
 * little, and comes back when all it had was taken. The order of one store's records is kept.
 */
import { FrameBuilder } from './frame-builder.ts';
import { type JournalStore, Lane } from './journal-store.ts';

interface Queue {
  readonly full: FrameBuilder[];
  current: FrameBuilder;
  /** How many frames were begun here: the number of the current one, counted from 1. */
  begun: number;
  /** How many of them were taken. */
  taken: number;
}

export interface LaneLimits {
  frameBytes: number;
  /** What one store may have waiting before it goes to the slow lane. */
  fairBytes: number;
  /** What may wait in all. */
  queueBytesMax: number;
  /** What one commit takes, unless a single frame is larger. */
  commitBytes: number;
}

const SPARE_FRAMES_MAX = 128;
/** So much more than the queue may hold is there for stores that did not fill it. */
const SHARE_OF_OTHERS = 1 / 8;

export class Lanes {
  queuedBytes = 0;
  queuedRecords = 0;
  private readonly limits: LaneLimits;
  private readonly spare: FrameBuilder[] = [];
  private readonly queues: Queue[] = [];
  private serial = 0;

  constructor(limits: LaneLimits) {
    this.limits = limits;
    for (let lane = 0; lane < 3; lane++) this.queues.push({ full: [], current: this.fresh(), begun: 1, taken: 0 });
  }

  /** Who has little waiting finds room also where others have filled the queue. */
  isFull(store: JournalStore, bytes: number): boolean {
    const { queueBytesMax } = this.limits;
    const max = store.lane === Lane.bulk ? queueBytesMax : queueBytesMax * (1 + SHARE_OF_OTHERS);
    return this.queuedBytes > 0 && this.queuedBytes + bytes > max;
  }

  /** The disk does not keep up with what comes: half of what may wait is waiting. */
  get isBehind(): boolean {
    return 2 * this.queuedBytes > this.limits.queueBytesMax;
  }

  /** The frame the store's next record goes into. */
  frameFor(store: JournalStore, dataLength: number): FrameBuilder {
    if (store.lane === Lane.normal && store.queuedBytes > this.limits.fairBytes) this.slowDown(store);
    const queue = this.queues[store.lane]!;
    if (!queue.current.fits(dataLength)) this.turnOver(queue);
    return queue.current;
  }

  added(store: JournalStore, bytes: number): void {
    store.queuedBytes += bytes;
    this.queuedBytes += bytes;
    this.queuedRecords++;
  }

  takenBack(store: JournalStore, records: number, bytes: number): void {
    store.queuedBytes -= bytes;
    this.queuedBytes -= bytes;
    this.queuedRecords -= records;
  }

  /** The frames of the next commit, in the order they are to be written in. */
  take(): FrameBuilder[] {
    const frames: FrameBuilder[] = [];
    const [urgent, normal, bulk] = this.queues as [Queue, Queue, Queue];
    let room = this.limits.commitBytes;
    room = this.takeFrom(urgent, frames, Infinity, () => true) + room;
    room = this.takeFrom(normal, frames, room, () => true) + room;
    const mayGo = (frame: FrameBuilder) => frame.barrier <= normal.taken;
    // However much the others have, those who wait longest get on too.
    this.takeFrom(bulk, frames, Math.max(room, 1), mayGo);
    return frames;
  }

  /** The frames are done with, and are filled again later. */
  giveBack(frames: readonly FrameBuilder[]): void {
    for (const frame of frames) {
      if (this.spare.length === SPARE_FRAMES_MAX) return;
      frame.shrink();
      this.spare.push(frame);
    }
  }

  /** Everything that waits is dropped; answers the frames it stood in. */
  drop(): FrameBuilder[] {
    const frames: FrameBuilder[] = [];
    for (const queue of this.queues) this.takeFrom(queue, frames, Infinity, () => true);
    return frames;
  }

  /** Answers minus what it took. */
  private takeFrom(queue: Queue, into: FrameBuilder[], room: number, mayGo: (frame: FrameBuilder) => boolean): number {
    let taken = 0;
    while (taken < room) {
      const frame = queue.full[0] ?? queue.current;
      if (frame.length === 0 || !mayGo(frame)) break;
      if (taken > 0 && taken + frame.length > room) break;
      if (frame === queue.current) this.turnOver(queue);
      queue.full.shift();
      queue.taken++;
      taken += frame.length;
      into.push(frame);
      this.leave(frame);
    }
    return -taken;
  }

  private leave(frame: FrameBuilder): void {
    this.queuedBytes -= frame.length;
    this.queuedRecords -= frame.recordCount;
    for (let slot = 0; slot < frame.storeCount; slot++) {
      const store = frame.stores[slot]!;
      store.queuedBytes -= frame.storeBytes[slot]!;
      if (store.queuedBytes === 0 && store.lane === Lane.bulk) store.lane = Lane.normal;
    }
  }

  private slowDown(store: JournalStore): void {
    const [, normal, bulk] = this.queues as [Queue, Queue, Queue];
    store.lane = Lane.bulk;
    bulk.current.barrier = Math.max(bulk.current.barrier, normal.current.length > 0 ? normal.begun : normal.begun - 1);
  }

  private turnOver(queue: Queue): void {
    queue.full.push(queue.current);
    queue.current = this.fresh();
    queue.begun++;
  }

  private fresh(): FrameBuilder {
    const frame = this.spare.pop() ?? new FrameBuilder(this.limits.frameBytes);
    frame.reset(++this.serial);
    return frame;
  }
}
