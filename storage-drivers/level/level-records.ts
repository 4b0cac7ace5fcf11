/** The records of a store: which there are, in memory; their bytes in the database, and for a while in memory too. */
import { Read, Scan, type Visit } from '../contract.ts';
import type { RecordView } from '../derived/record-view.ts';
import { SizeSet } from '../derived/size-set.ts';
import type { Database } from './batch-writer.ts';
import { recordKey, recordRange, sequenceOf } from './keys.ts';
import { contentLengthOf, opened, showRecord } from './values.ts';

/** What one `load` brings in, at most. */
const LOAD_RECORDS = 512;
const LOAD_BYTES = 1024 * 1024;

type Contents = Map<number, Uint8Array>;

export class LevelRecords {
  sizes = new SizeSet();
  readonly holes = new Set<number>();
  /** Not in a batch yet. */
  waiting: Contents = new Map();
  /** In the batch that is being written, and then of the batch that was written last. */
  private leaving: Contents = new Map();
  private warm: Contents = new Map();
  private readonly database: Database;
  readonly store: number;

  constructor(database: Database, store: number) {
    this.database = database;
    this.store = store;
  }

  append(seq: number, content: Uint8Array): void {
    this.sizes.add(seq, contentLengthOf(content));
    this.waiting.set(seq, content);
  }

  /** The newest records are taken back; they have not been written. */
  takeBack(above: number): void {
    this.sizes.remove(above + 1, Number.MAX_SAFE_INTEGER);
    for (const seq of [...this.waiting.keys()]) if (seq > above) this.waiting.delete(seq);
  }

  seal(): void {
    this.leaving = this.waiting;
    this.waiting = new Map();
  }

  read(seq: number, view: RecordView): Read {
    if (this.holes.has(seq)) return Read.hole;
    if (!this.sizes.has(seq)) return Read.gone;
    return this.show(seq, view) ? Read.found : Read.cold;
  }

  /**
   * Walks what `sizes` says is there; answers the sequence that is cold, 0 for none, as long as the visitor goes on.
   */
  scan(sizes: SizeSet, from: number, to: number, view: RecordView, visit: Visit): { end: Scan; cold: number } {
    const isUp = from <= to;
    const within = (seq: number): boolean => (isUp ? seq <= to : seq >= to && seq > 0);
    const next = (seq: number): number => (isUp ? sizes.firstFrom(seq + 1) : sizes.lastUpTo(seq - 1));
    let seq = isUp ? sizes.firstFrom(from) : sizes.lastUpTo(from);
    for (; within(seq); seq = next(seq)) {
      if (this.holes.has(seq)) continue;
      if (!this.show(seq, view)) return { end: Scan.cold, cold: seq };
      if (!visit(view)) return { end: Scan.stopped, cold: 0 };
    }
    return { end: Scan.done, cold: 0 };
  }

  /** What is damaged becomes a hole. */
  async load(from: number, to: number): Promise<void> {
    const range = recordRange(this.store, Math.min(from, to), Math.max(from, to));
    const iterator = this.database.iterator({ ...range, reverse: from > to, limit: LOAD_RECORDS });
    const warm: Contents = new Map();
    let bytes = 0;
    try {
      for (
        let entry = await iterator.next();
        entry !== undefined && bytes < LOAD_BYTES;
        entry = await iterator.next()
      ) {
        const [key, value] = entry;
        const content = opened(key, value);
        if (content === null) this.damaged(sequenceOf(key));
        else warm.set(sequenceOf(key), content);
        bytes += value.length;
      }
    } finally {
      await iterator.close();
    }
    this.warm = warm;
    this.findMissing(from, to);
  }

  /** Damaged or lost: `sizes` of snapshots do not learn of it, and need not. */
  damaged(seq: number): void {
    this.holes.add(seq);
    this.sizes.remove(seq, seq);
  }

  holesWithin(from: number, to: number): number[] {
    return [...this.holes].filter((seq) => seq >= from && seq <= to);
  }

  remove(from: number, to: number): number {
    for (const seq of this.holesWithin(from, to)) this.holes.delete(seq);
    return this.sizes.remove(from, to);
  }

  /** Without the holes, which are no gaps. */
  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    const holes = [...this.holes].sort((one, other) => one - other);
    this.sizes.gaps(from, to, (start, end) => {
      let next = start;
      for (const hole of holes) {
        if (hole < next || hole > end) continue;
        if (hole > next) visit(next, hole - 1);
        next = hole + 1;
      }
      if (next <= end) visit(next, end);
    });
  }

  /** The lowest sequence that something is kept under, readable or not; Infinity when there is none. */
  get lowest(): number {
    return Math.min(this.sizes.firstFrom(0), ...this.holes);
  }

  /** What is damaged stands in the database too. */
  keysOf(from: number, to: number): Uint8Array[] {
    const keys = this.holesWithin(from, to).map((seq) => recordKey(this.store, seq));
    for (let seq = this.sizes.firstFrom(from); seq <= to; seq = this.sizes.firstFrom(seq + 1)) {
      keys.push(recordKey(this.store, seq));
    }
    return keys;
  }

  get memoryBytes(): number {
    let bytes = this.sizes.memoryBytes;
    for (const contents of [this.waiting, this.leaving, this.warm]) {
      for (const content of contents.values()) bytes += content.length;
    }
    return bytes;
  }

  private show(seq: number, view: RecordView): boolean {
    const content = this.waiting.get(seq) ?? this.leaving.get(seq) ?? this.warm.get(seq);
    if (content === undefined) return false;
    showRecord(seq, content, view);
    return true;
  }

  /** A record that should lie between those that were read, and is not in the database, is lost. */
  private findMissing(from: number, to: number): void {
    const read = [...this.warm.keys()];
    const isUp = from <= to;
    const isComplete = read.length < LOAD_RECORDS;
    const end = isComplete ? to : (read[read.length - 1] ?? to);
    const [low, high] = isUp ? [from, end] : [end, from];
    const first = this.sizes.firstFrom(low);
    if (first > high || this.warm.has(first) || this.waiting.has(first) || this.leaving.has(first)) return;
    this.damaged(first);
  }
}
