/** Which stores are to be written to their blocks, one after the other. */
import type { Clock } from '../../kernel/plugin-api.ts';
import { takeCheckpoint } from './checkpoint.ts';
import type { FileStore } from './file-store.ts';

/** After a failure it is tried again so much later: the disk may have room again. */
const RETRY_MS = 1000;

export class CheckpointQueue {
  /** Checkpoints that were written, and that failed. */
  taken = 0;
  failures = 0;
  /** Told of each store that has a new checkpoint. */
  onTaken: (store: FileStore) => void = () => {};
  lastError: Error | null = null;
  private readonly clock: Clock;
  private readonly waiting = new Set<FileStore>();
  private isBusy = false;
  private isClosed = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  request(store: FileStore): void {
    if (this.isClosed) return;
    this.waiting.add(store);
    if (this.isBusy) return;
    this.isBusy = true;
    this.clock.soon(() => void this.work());
  }

  /** Now, before all that wait. Nothing happens any more once the driver closes. */
  async take(store: FileStore): Promise<void> {
    // One at a time; what was written while one was taken is not in it.
    await this.run(
      store,
      () => !this.isClosed,
      () => this.write(store),
    );
  }

  /** No checkpoint of the store is under way. */
  async settled(store: FileStore): Promise<void> {
    while (store.checkpointing !== null) await store.checkpointing.catch(() => {});
  }

  /** The last one, after `close`. */
  async takeLast(store: FileStore): Promise<void> {
    await this.run(
      store,
      () => true,
      () => this.write(store),
    );
  }

  /** Other work on the blocks of a store, while nobody else touches them. */
  async exclusively(store: FileStore, work: () => Promise<void>): Promise<void> {
    await this.run(store, () => !this.isClosed, work);
  }

  private async run(store: FileStore, isWanted: () => boolean, work: () => Promise<void>): Promise<void> {
    // Looked at again after each wait, and nothing may come in between: two at once would undo each other.
    while (store.checkpointing !== null) await store.checkpointing.catch(() => {});
    if (!isWanted()) return;
    const working = work();
    store.checkpointing = working;
    try {
      await working;
    } finally {
      store.checkpointing = null;
    }
  }

  private async write(store: FileStore): Promise<void> {
    await takeCheckpoint(store);
    this.taken++;
    if (!this.isClosed) this.onTaken(store);
  }

  close(): void {
    this.isClosed = true;
    this.waiting.clear();
  }

  private async work(): Promise<void> {
    for (const store of this.waiting) {
      if (this.isClosed) break;
      this.waiting.delete(store);
      if (store.isFailed || store.isDestroyed) continue;
      await this.take(store).catch((error: Error) => this.failed(store, error));
    }
    this.isBusy = false;
  }

  private failed(store: FileStore, error: Error): void {
    this.failures++;
    this.lastError = error;
    this.clock.after(RETRY_MS, () => {
      if (!this.isClosed && !store.isFailed && !store.isDestroyed) this.request(store);
    });
  }
}
