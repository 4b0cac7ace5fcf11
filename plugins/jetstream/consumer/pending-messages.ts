/**
 * Messages that were delivered and not acknowledged, in the order of their first deliveries, which is that of the stream: a
 * ring of numbers. Most are acknowledged in that order, and found at once; others by halving.
 */
import type { PendingRun } from './consumer-state.ts';

const FIRST_CAPACITY = 8;
/** So many places of what is done are never worth moving the rest. */
const SLACK = 64;

export interface PendingMessage {
  /** That of the first delivery. */
  readonly consumerSequence: number;
  /** When it was last delivered, in milliseconds. */
  readonly time: number;
  /** When it has to be delivered again. */
  readonly deadline: number;
}

export class PendingMessages {
  size = 0;
  private seqs = new Float64Array(FIRST_CAPACITY);
  /** Negative where it is done. */
  private own = new Float64Array(FIRST_CAPACITY);
  private times = new Float64Array(FIRST_CAPACITY);
  private deadlines = new Float64Array(FIRST_CAPACITY);
  /** Counts places ever given up at the front; places are looked up modulo the capacity. */
  private head = 0;
  private tail = 0;

  /** The lowest sequence; 0 when there is none. */
  get first(): number {
    return this.size === 0 ? 0 : this.seqs[this.slot(this.head)]!;
  }

  /** The lowest above a sequence; 0 when there is none. */
  after(seq: number): number {
    const { first } = this;
    // Most are acknowledged in their order.
    if (first > seq || first === 0) return first;
    for (let place = this.placeFrom(seq + 1); place < this.tail; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! >= 0) return this.seqs[slot]!;
    }
    return 0;
  }

  /** The first place whose sequence is at or above. */
  private placeFrom(seq: number): number {
    let low = this.head;
    let high = this.tail;
    if (low < high && this.seqs[this.slot(low)]! >= seq) return low;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.seqs[this.slot(middle)]! < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(seq: number): boolean {
    return this.size > 0 && this.find(seq) >= 0;
  }

  /** For those who ask now and then. */
  get(seq: number): PendingMessage | undefined {
    const slot = this.find(seq);
    if (slot < 0) return undefined;
    return { consumerSequence: this.own[slot]!, time: this.times[slot]!, deadline: this.deadlines[slot]! };
  }

  /** 0 for what is not here; the same for the other two. */
  consumerSequenceOf(seq: number): number {
    const slot = this.find(seq);
    return slot < 0 ? 0 : this.own[slot]!;
  }

  timeOf(seq: number): number {
    const slot = this.find(seq);
    return slot < 0 ? 0 : this.times[slot]!;
  }

  deadlineOf(seq: number): number {
    const slot = this.find(seq);
    return slot < 0 ? 0 : this.deadlines[slot]!;
  }

  /** A first delivery: its sequence is above all that are here. */
  add(seq: number, consumerSequence: number, time: number, deadline: number): void {
    if (this.tail - this.head === this.seqs.length) this.makeRoom();
    const slot = this.slot(this.tail++);
    this.seqs[slot] = seq;
    this.own[slot] = consumerSequence;
    this.times[slot] = time;
    this.deadlines[slot] = deadline;
    this.size++;
  }

  /** It was delivered again. */
  setTime(seq: number, time: number): void {
    const slot = this.find(seq);
    if (slot >= 0) this.times[slot] = time;
  }

  setDeadline(seq: number, deadline: number): void {
    const slot = this.find(seq);
    if (slot >= 0) this.deadlines[slot] = deadline;
  }

  /** Answers its own sequence, 0 when it was not here. */
  delete(seq: number): number {
    const slot = this.find(seq);
    if (slot < 0) return 0;
    const consumerSequence = this.own[slot]!;
    this.own[slot] = -1;
    this.size--;
    if (this.size === 0) this.head = this.tail;
    else while (this.own[this.slot(this.head)]! < 0) this.head++;
    return consumerSequence;
  }

  clear(): void {
    this.size = 0;
    this.head = this.tail;
  }

  /** In order. */
  each(visit: (seq: number, deadline: number) => void): void {
    for (let place = this.head; place < this.tail; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! >= 0) visit(this.seqs[slot]!, this.deadlines[slot]!);
    }
  }

  /** Of those that were added with one, and right after it, so many at most: what is due then. */
  collect(seq: number, most: number, deadline: number, into: number[]): void {
    const from = this.placeFrom(seq);
    const to = Math.min(this.tail, from + most);
    for (let place = from; place < to; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! >= 0 && this.deadlines[slot] === deadline) into.push(this.seqs[slot]!);
    }
  }

  /** All, in order, as they are written down. */
  runs(): PendingRun[] {
    const runs: PendingRun[] = [];
    let count = 0;
    let [first, own, time, deadline] = [0, 0, 0, 0];
    const end = (): void => {
      if (count > 0) runs.push([first, own, time, Number.isFinite(deadline) ? deadline : null, count]);
    };
    for (let place = this.head; place < this.tail; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! < 0) continue;
      const isNext = this.seqs[slot] === first + count && this.own[slot] === own + count;
      if (isNext && this.times[slot] === time && this.deadlines[slot] === deadline) {
        count++;
        continue;
      }
      end();
      [first, own, time, deadline] = [this.seqs[slot]!, this.own[slot]!, this.times[slot]!, this.deadlines[slot]!];
      count = 1;
    }
    end();
    return runs;
  }

  *keys(): IterableIterator<number> {
    for (let place = this.head; place < this.tail; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! >= 0) yield this.seqs[slot]!;
    }
  }

  *[Symbol.iterator](): IterableIterator<[seq: number, known: PendingMessage]> {
    for (const seq of this.keys()) yield [seq, this.get(seq)!];
  }

  private slot(place: number): number {
    return place & (this.seqs.length - 1);
  }

  /** Its slot, -1 when it is not here. */
  private find(seq: number): number {
    let low = this.head;
    let high = this.tail;
    if (low === high || this.seqs[this.slot(high - 1)]! < seq) return -1;
    if (this.seqs[this.slot(low)] === seq) high = low + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const slot = this.slot(middle);
      const known = this.seqs[slot]!;
      if (known === seq) return this.own[slot]! < 0 ? -1 : slot;
      if (known < seq) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** What is done gives way; where that is little, there is twice the room. */
  private makeRoom(): void {
    const capacity = this.seqs.length;
    const isSparse = 2 * this.size + SLACK < capacity;
    const roomier = isSparse ? capacity : capacity * 2;
    const [seqs, own, times, deadlines] = Array.from({ length: 4 }, () => new Float64Array(roomier)) as [
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
    ];
    let count = 0;
    for (let place = this.head; place < this.tail; place++) {
      const slot = this.slot(place);
      if (this.own[slot]! < 0) continue;
      seqs[count] = this.seqs[slot]!;
      own[count] = this.own[slot]!;
      times[count] = this.times[slot]!;
      deadlines[count++] = this.deadlines[slot]!;
    }
    [this.seqs, this.own, this.times, this.deadlines] = [seqs, own, times, deadlines];
    [this.head, this.tail] = [0, count];
  }
}
