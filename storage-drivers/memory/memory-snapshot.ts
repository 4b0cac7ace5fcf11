import type { Scan, StoreSnapshot, Visit } from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import type { SegmentList } from '../derived/segment-list.ts';
import { type MemoryRecords, scanSegments } from './memory-records.ts';
import type { RecordSegment } from './record-segment.ts';

/** The segments as they were; the store copies one before it removes anything from it. */
export class MemorySnapshot implements StoreSnapshot {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  readonly coldSequence = 0;
  private readonly records: MemoryRecords;
  private readonly view = new RecordView();
  private segments: SegmentList<RecordSegment> | null;

  constructor(state: { first: number; last: number; count: number; contentBytes: number }, records: MemoryRecords) {
    this.first = state.first;
    this.last = state.last;
    this.count = state.count;
    this.contentBytes = state.contentBytes;
    this.records = records;
    this.segments = records.hold();
  }

  scan(from: number, to: number, visit: Visit): Scan {
    if (this.segments === null) throw new Error('the snapshot was released');
    const within = (seq: number): number => Math.min(seq, this.last);
    return scanSegments(this.segments, within(from), within(to), this.view, visit);
  }

  load(_from: number, _to: number, done: (error: Error | null) => void): void {
    queueMicrotask(() => done(null));
  }

  release(): void {
    if (this.segments === null) return;
    this.segments = null;
    this.records.letGo();
  }
}
