/**
 * Writes blocks anew behind everything else: those of which little is left, small ones, and those under an older key. One at a time, and
 * never more than a bounded part of what the disk can do.
 */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';
import { takeCheckpoint } from './checkpoint.ts';
import type { CheckpointQueue } from './checkpoint-queue.ts';
import type { FileStore } from './file-store.ts';
import { rewriteBlocks } from './rewrite-blocks.ts';
import { findUntidy } from './untidy-blocks.ts';

const RETRY_MS = 1000;

export class TidyQueue {
  /** Blocks that were written anew, their bytes, and tries that failed. */
  rewritten = 0;
  bytes = 0;
  failures = 0;
  lastError: Error | null = null;
  onTidied: () => void = () => {};
  private readonly clock: Clock;
  private readonly checkpoints: CheckpointQueue;
  private readonly bytesPerSecond: number;
  private readonly waiting = new Set<FileStore>();
  private isBusy = false;
  private isClosed = false;
  private pause: { timer: Timer; end: () => void } | null = null;

  constructor(clock: Clock, checkpoints: CheckpointQueue, bytesPerSecond: number) {
    this.clock = clock;
    this.checkpoints = checkpoints;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Looks whether the store has something to tidy. */
  request(store: FileStore): void {
    if (this.isClosed || store.isDestroyed || store.isFailed || findUntidy(store) === null) return;
    this.waiting.add(store);
    if (this.isBusy) return;
    this.isBusy = true;
    this.clock.soon(() => void this.work());
  }

  get isIdle(): boolean {
    return !this.isBusy;
  }

  close(): void {
    this.isClosed = true;
    this.waiting.clear();
    this.pause?.timer.cancel();
    this.pause?.end();
  }

  private async work(): Promise<void> {
    for (const store of this.waiting) {
      this.waiting.delete(store);
      const written = await this.tidy(store).catch((error: Error) => this.failed(error));
      if (this.isClosed) break;
      // At the end of the line again: others may wait too.
      if (written > 0) this.request(store);
      await this.rest(written < 0 ? RETRY_MS : (written * 1000) / this.bytesPerSecond);
      if (written < 0) this.request(store);
    }
    this.isBusy = false;
  }

  private async tidy(store: FileStore): Promise<number> {
    let written = 0;
    await this.checkpoints.exclusively(store, async () => {
      const blocks = store.isDestroyed || store.isFailed ? null : findUntidy(store);
      if (blocks === null) return;
      written = await rewriteBlocks(store, blocks);
      if (written === 0) return;
      this.rewritten += blocks.length;
      this.bytes += written;
      await takeCheckpoint(store);
      this.onTidied();
    });
    return written;
  }

  private failed(error: Error): number {
    this.failures++;
    this.lastError = error;
    return -1;
  }

  private rest(milliseconds: number): Promise<void> {
    if (this.isClosed || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.pause = null;
        resolve();
      };
      this.pause = { timer: this.clock.after(milliseconds, end), end };
    });
  }
}
