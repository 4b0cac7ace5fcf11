/** What a store must look like after any calls: the simplest thing that does it. */
import { contentLength, type Sample } from './sample-message.ts';

export interface Summary {
  first: number;
  last: number;
  lastSeconds: number;
  lastNanos: number;
  count: number;
  contentBytes: number;
}

export class StoreModel {
  records = new Map<number, Sample>();
  cells = new Map<string, number[]>();
  last = 0;
  lastSeconds = 0;
  lastNanos = 0;
  private unit: StoreModel | null = null;
  private staged: (() => void)[] = [];

  /** In the order of the sequences: they are only ever added at the end. */
  get sequences(): number[] {
    return [...this.records.keys()];
  }

  summary(): Summary {
    const { last, lastSeconds, lastNanos, sequences } = this;
    let contentBytes = 0;
    for (const each of this.records.values()) contentBytes += contentLength(each);
    return { first: sequences[0] ?? last + 1, last, lastSeconds, lastNanos, count: sequences.length, contentBytes };
  }

  append(seq: number, given: Sample): void {
    this.records.set(seq, given);
    this.last = seq;
    this.lastSeconds = given.seconds;
    this.lastNanos = given.nanos;
  }

  advance(last: number): void {
    this.last = last;
  }

  remove(from: number, to: number): void {
    this.later(() => {
      for (const seq of this.sequences) if (seq >= from && seq <= to) this.records.delete(seq);
    });
  }

  dropBefore(seq: number): void {
    this.later(() => {
      for (const each of this.sequences) if (each < seq) this.records.delete(each);
      this.last = Math.max(this.last, seq - 1);
    });
  }

  put(name: string, value: readonly number[]): void {
    this.later(() => this.cells.set(name, [...value]));
  }

  extend(name: string, more: readonly number[]): void {
    this.later(() => this.cells.set(name, [...(this.cells.get(name) ?? []), ...more]));
  }

  delete(name: string): void {
    this.later(() => this.cells.delete(name));
  }

  begin(): void {
    this.unit = this.copy();
    this.staged = [];
  }

  commit(): void {
    this.unit = null;
    for (const each of this.staged) each();
  }

  abort(): void {
    const before = this.unit!;
    this.unit = null;
    this.records = before.records;
    this.last = before.last;
    this.lastSeconds = before.lastSeconds;
    this.lastNanos = before.lastNanos;
  }

  copy(): StoreModel {
    const copy = new StoreModel();
    copy.records = new Map(this.records);
    copy.cells = new Map(this.cells);
    copy.last = this.last;
    copy.lastSeconds = this.lastSeconds;
    copy.lastNanos = this.lastNanos;
    return copy;
  }

  /** What does not append waits for the end of the unit. */
  private later(change: () => void): void {
    if (this.unit === null) change();
    else this.staged.push(change);
  }
}
