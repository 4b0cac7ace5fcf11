/**
 * Removals that are noted in the database and done later: large ones, and those of records that snapshots still show. A
 * note that is found at the next open is done then.
 */
import type { Database, Operation } from './batch-writer.ts';
import { rangesOf, recordRange, removalKey, sequenceOf } from './keys.ts';
import { opened, rangeContent, readRange, sealed } from './values.ts';

interface Note {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  /** In the batch that is being written. */
  isLeaving: boolean;
  isWritten: boolean;
}

export class DeferredRemovals {
  snapshots = 0;
  private readonly database: Database;
  private readonly store: number;
  private notes: Note[] = [];
  private next = 1;
  private sweeping: Promise<void> | null = null;

  constructor(database: Database, store: number) {
    this.database = database;
    this.store = store;
  }

  async open(): Promise<void> {
    for await (const [key, value] of this.database.iterator(rangesOf(this.store).removals)) {
      const content = opened(key, value);
      const number = sequenceOf(key);
      if (content !== null) this.notes.push({ number, ...readRange(content), isLeaving: true, isWritten: true });
      this.next = number + 1;
    }
    await this.sweep();
  }

  /** The write that notes the removal. */
  note(from: number, to: number): Operation {
    const note = { number: this.next++, from, to, isLeaving: false, isWritten: false };
    this.notes.push(note);
    const key = removalKey(this.store, note.number);
    return { type: 'put', key, value: sealed(key, rangeContent(from, to)) };
  }

  seal(): void {
    for (const note of this.notes) note.isLeaving = true;
  }

  written(): void {
    for (const note of this.notes) note.isWritten = note.isLeaving;
    void this.sweep();
  }

  /** Does what nothing stands in the way of. What fails is done at the next open. */
  sweep(): Promise<void> {
    if (this.snapshots > 0 || this.notes.length === 0) return this.sweeping ?? Promise.resolve();
    this.sweeping ??= this.sweepAll().finally(() => {
      this.sweeping = null;
    });
    return this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    while (this.snapshots === 0 && this.notes[0]?.isWritten === true) {
      const note = this.notes[0];
      try {
        await this.database.clear(recordRange(this.store, note.from, note.to));
        await this.database.del(removalKey(this.store, note.number));
      } catch {
        return;
      }
      this.notes.shift();
    }
  }
}
