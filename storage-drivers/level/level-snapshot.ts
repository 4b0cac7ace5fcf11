import type { Scan, StoreSnapshot, Visit } from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import type { SizeSet } from '../derived/size-set.ts';
import type { DeferredRemovals } from './deferred-removals.ts';
import type { LevelRecords } from './level-records.ts';

/** Which records there were. Their bytes stay in the database as long as the snapshot is not released. */
export class LevelSnapshot implements StoreSnapshot {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  coldSequence = 0;
  private readonly records: LevelRecords;
  private readonly removals: DeferredRemovals;
  private readonly view = new RecordView();
  private sizes: SizeSet | null;

  constructor(state: { first: number; last: number }, records: LevelRecords, removals: DeferredRemovals) {
    this.first = state.first;
    this.last = state.last;
    this.sizes = records.sizes.clone();
    this.count = this.sizes.count;
    this.contentBytes = this.sizes.bytes;
    this.records = records;
    this.removals = removals;
    removals.snapshots++;
  }

  scan(from: number, to: number, visit: Visit): Scan {
    if (this.sizes === null) throw new Error('the snapshot was released');
    const { end, cold } = this.records.scan(this.sizes, from, to, this.view, visit);
    this.coldSequence = cold;
    return end;
  }

  load(from: number, to: number, done: (error: Error | null) => void): void {
    this.records.load(from, to).then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  release(): void {
    if (this.sizes === null) return;
    this.sizes = null;
    this.removals.snapshots--;
    void this.removals.sweep();
  }
}
