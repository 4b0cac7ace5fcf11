/**
 * Writes everything anew that is under an older key, or in the clear although there is a key, behind all else (S-32). It goes on where it
 * was after a crash: each file says itself which key it is under.
 */
import type { FileStore } from './file-store.ts';
import type { StoreKeys } from './frame-cipher.ts';
import type { Journal } from './journal/journal.ts';
import { isStale } from './untidy-blocks.ts';

export class KeyRotation {
  isDone = false;
  /** The newest segment of the journal that is under an older key. */
  private staleSegment = 0;
  private isTurning = false;
  private isFinishing = false;
  private readonly keys: StoreKeys | null;
  private readonly stores: ReadonlyMap<number, FileStore>;
  private readonly journal: Journal;
  private readonly finished: () => Promise<void>;

  constructor(
    keys: StoreKeys | null,
    stores: ReadonlyMap<number, FileStore>,
    journal: Journal,
    finished: () => Promise<void>,
  ) {
    this.keys = keys;
    this.stores = stores;
    this.journal = journal;
    this.finished = finished;
  }

  start(): void {
    this.staleSegment = this.journal.newestStale(this.keys);
    for (const store of this.stores.values()) if (this.isBehind(store)) store.world.keeper.wantsCheckpoint(store);
    if (this.staleSegment > 0) this.journal.pressFor(this.staleSegment);
    this.look();
  }

  /** How many files are still to be written, the identity among them. */
  get filesLeft(): number {
    return this.isDone ? 0 : Math.max(1, this.left);
  }

  private get left(): number {
    let left = this.journal.needs(this.staleSegment) === null ? 0 : 1;
    for (const store of this.stores.values()) {
      if (store.isCheckpointStale) left++;
      for (const block of store.blocks.blocks) if (isStale(block, this.keys)) left++;
    }
    return left;
  }

  /** Something was written: perhaps it was the last. What went by itself is not in the checkpoint before the next one. */
  look(): void {
    if (this.isDone) return;
    for (const store of this.stores.values()) {
      const isEmptied = store.isCheckpointStale && !store.blocks.blocks.some((block) => isStale(block, this.keys));
      if (isEmptied && store.checkpointing === null) store.world.keeper.wantsCheckpoint(store);
    }
    if (this.staleSegment > 0 && this.journal.needs(this.staleSegment) === 'reader') this.turn();
    if (this.left > 0 || this.isFinishing) return;
    this.isFinishing = true;
    // If that fails it is found out, and noted, at the next start.
    void this.finished().then(
      () => {
        this.isDone = true;
      },
      () => {},
    );
  }

  /** Only the head of a new segment says that the old ones are not needed. */
  private turn(): void {
    if (this.isTurning) return;
    this.isTurning = true;
    const turned = () => {
      this.isTurning = false;
    };
    this.journal
      .beginSegment()
      .then(() => {
        turned();
        this.look();
      })
      .catch(turned);
  }

  private isBehind(store: FileStore): boolean {
    return store.isCheckpointStale || store.blocks.blocks.some((block) => isStale(block, this.keys));
  }
}
