import type { Scan, StoreSnapshot, Visit } from 'gnatlet/contracts';

/** What a snapshot asks of its store. */
export interface SnapshotSource {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  /** Also rows that were removed by a later removal than this. */
  walk(from: number, to: number, removal: number, visit: Visit): Scan;
  released(): void;
}

export class SqliteSnapshot implements StoreSnapshot {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  readonly coldSequence = 0;
  private readonly removal: number;
  private source: SnapshotSource | null;

  constructor(source: SnapshotSource, removal: number) {
    this.first = source.first;
    this.last = source.last;
    this.count = source.count;
    this.contentBytes = source.contentBytes;
    this.source = source;
    this.removal = removal;
  }

  scan(from: number, to: number, visit: Visit): Scan {
    if (this.source === null) throw new Error('the snapshot was released');
    return this.source.walk(Math.min(from, this.last), Math.min(to, this.last), this.removal, visit);
  }

  load(_from: number, _to: number, done: (error: Error | null) => void): void {
    queueMicrotask(() => done(null));
  }

  release(): void {
    this.source?.released();
    this.source = null;
  }
}
