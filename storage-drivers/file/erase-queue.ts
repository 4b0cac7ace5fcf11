/** Destroys what was erased, for all stores together: what comes while some of it is under way is done with the next round. */
import type { Clock, Timer } from '../../kernel/plugin-api.ts';
import type { CheckpointQueue } from './checkpoint-queue.ts';
import { eraseInBlocks } from './erase-in-blocks.ts';
import type { FileStore } from './file-store.ts';
import type { Journal } from './journal/journal.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import type { ErasureBatch } from './store-erasures.ts';
import { erasureKeyOf, wipeRecord } from './wipe-record.ts';

const RETRY_MS = 1000;

interface Round {
  readonly store: FileStore;
  readonly batch: ErasureBatch;
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
    this.begin();
  }

  private begin(): void {
    if (this.waiting.size === 0 || this.working !== null || this.retry !== null) return;
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
    const rounds: Round[] = [];
    for (const store of stores) {
      if (store.isFailed || store.isDestroyed) continue;
      const { batch } = store.erasures;
      // What failed is read back when the store is opened again, and asked for then.
      const isDurable = await store.untilDurable().then(
        () => true,
        () => false,
      );
      if (isDurable) rounds.push({ store, batch, held: new SequenceRanges() });
    }
    // With a sync interval it may not be on the disk yet that they are gone, and what is destroyed must never come back.
    if (rounds.length > 0) await this.journal().syncNow();
    for (const round of rounds) {
      const { store, batch } = round;
      await this.checkpoints.exclusively(store, async () => {
        if (!store.isDestroyed) round.held = await eraseInBlocks(store, batch.sequences);
      });
    }
    if (this.isClosed || rounds.length === 0) return;
    await this.eraseInJournal(rounds);
    for (const { store, batch, held } of rounds) store.erased(batch, held);
  }

  private async eraseInJournal(rounds: readonly Round[]): Promise<void> {
    const meant = new Map(rounds.map((round) => [round.store.number, round]));
    await this.journal().erase({
      keyOf: erasureKeyOf,
      mayHold: (store, min, max) => meant.get(store)?.batch.sequences.meets(min, max) ?? false,
      isMeant: (store, seq, view, at) => {
        const round = meant.get(store);
        return round !== undefined && !round.held.has(seq) && round.batch.isMeant(seq, view.getUint32(at, true));
      },
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
      // Others wait since then; a store that was opened again meanwhile took the place of the one that failed.
      this.begin();
    });
  }
}
