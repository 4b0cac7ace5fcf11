/**
 * Stores that are known by the journal only: what one frame of it says, nobody else does. So each gets a checkpoint soon after it was
 * made, in two copies, and damage of a frame costs what is in the frame, and not the whole store. One after the other and with pauses:
 * many may be made at once.
 */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';
import type { FileStore } from './file-store.ts';

/** What is put into it at first belongs to it. */
const GROWN_AFTER_MS = 1000;
const PAUSE_MS = 50;
/** So many are not worth the time at the end; they are safe in the journal, once. */
const AT_END_MAX = 64;

export class YoungStores {
  private readonly clock: Clock;
  private readonly grown: (store: FileStore) => void;
  private readonly waiting = new Set<FileStore>();
  private timer: Timer | null = null;
  private isClosed = false;

  constructor(clock: Clock, grown: (store: FileStore) => void) {
    this.clock = clock;
    this.grown = grown;
  }

  add(store: FileStore): void {
    if (this.isClosed) return;
    this.waiting.add(store);
    this.timer ??= this.clock.after(GROWN_AFTER_MS, this.next);
  }

  /** Nothing is asked for any more. Answers those that should be written before the end. */
  close(): readonly FileStore[] {
    this.isClosed = true;
    this.timer?.cancel();
    return [...this.waiting].filter(isYoung).slice(0, AT_END_MAX);
  }

  private readonly next = (): void => {
    this.timer = null;
    for (const store of this.waiting) {
      this.waiting.delete(store);
      if (!isYoung(store)) continue;
      this.grown(store);
      break;
    }
    if (this.waiting.size > 0) this.timer = this.clock.after(PAUSE_MS, this.next);
  };
}

/** One that is staged is not there after a crash, whatever is known of it. */
function isYoung(store: FileStore): boolean {
  return store.checkpointSerial === 0 && !store.isDestroyed && !store.isFailed && !store.isStaged;
}
