/** Destroys what was erased, for all stores together: what comes while some of it is under way is done with the next round. */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';
import type { CheckpointQueue } from './checkpoint-queue.ts';
import { eraseInBlocks } from './erase-in-blocks.ts';
import type { FileStore } from './file-store.ts';
import type { Journal } from './journal/journal.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import { erasureKeyOf, wipeRecord } from './wipe-record.ts';

const RETRY_MS = 1000;

interface Batch {
  readonly store: FileStore;
  readonly ranges: SequenceRanges;
  readonly count: number;
  held: SequenceRanges;
}

export class EraseQueue {
  /** Rounds that were done, and that failed. */
  rounds = 0;
  failures = 0;
  lastError: Error | null = null;
  private readonly clock: Clock;
  private readonly checkpoints: CheckpointQueue;
  private readonly journal: () => Journal;
  private readonly waiting = new Set<FileStore>();
  private working: Promise<void> | null = null;
  private isClosed = false;
  private retry: Timer | null = null;

  constructor(clock: Clock, checkpoints: CheckpointQueue, journal: () => Journal) {
    this.clock = clock;
    this.checkpoints = checkpoints;
    this.journal = journal;
  }

  request(store: FileStore): void {
    if (this.isClosed || store.isFailed || store.erasures.isEmpty) return;
    this.waiting.add(store);
    if (this.working !== null || this.retry !== null) return;
    this.working = new Promise<void>((resolve) => this.clock.soon(resolve)).then(() => this.work());
  }

  /** Resolves when nothing waits any more, or what waits cannot be done at present. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  /** What is left is done at the next start. */
  close(): void {
    this.isClosed = true;
    this.waiting.clear();
    this.retry?.cancel();
    this.retry = null;
  }

  private async work(): Promise<void> {
    while (this.waiting.size > 0) {
      const stores = [...this.waiting];
      this.waiting.clear();
      try {
        await this.round(stores);
        this.rounds++;
      } catch (error) {
        this.failed(stores, error as Error);
        break;
      }
    }
    this.working = null;
  }

  private async round(stores: readonly FileStore[]): Promise<void> {
    const batches: Batch[] = [];
    for (const store of stores) {
      if (store.isFailed || store.isDestroyed) continue;
      const { ranges, count } = store.erasures.batch;
      // What failed is read back when the store is opened again, and asked for then.
      const isDurable = await store.untilDurable().then(
        () => true,
        () => false,
      );
      if (isDurable) batches.push({ store, ranges, count, held: new SequenceRanges() });
    }
    for (const batch of batches) {
      await this.checkpoints.exclusively(batch.store, async () => {
        if (!batch.store.isDestroyed) batch.held = await eraseInBlocks(batch.store, batch.ranges);
      });
    }
    if (this.isClosed) return;
    await this.eraseInJournal(batches);
    for (const { store, count, held } of batches) store.erased(count, held);
  }

  private async eraseInJournal(batches: readonly Batch[]): Promise<void> {
    const meant = new Map<number, SequenceRanges>();
    for (const { store, ranges, held } of batches) meant.set(store.number, without(ranges, held));
    await this.journal().erase({
      keyOf: erasureKeyOf,
      isMeant: (store, min, max) => meant.get(store)?.meets(min, max) ?? false,
      wipe: wipeRecord,
    });
  }

  private failed(stores: readonly FileStore[], error: Error): void {
    this.failures++;
    this.lastError = error;
    if (this.isClosed) return;
    this.retry = this.clock.after(RETRY_MS, () => {
      this.retry = null;
      for (const store of stores) this.request(store);
    });
  }
}

function without(ranges: SequenceRanges, held: SequenceRanges): SequenceRanges {
  const left = new SequenceRanges();
  for (const { from, to } of ranges.list) left.add(from, to);
  for (const { from, to } of held.list) left.remove(from, to);
  return left;
}
