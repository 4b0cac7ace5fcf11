/**
 * What is known about the records of 4,096 sequences without reading them: the subject, the size, and where the next
 * record of the same subject is.
 */
import { SEGMENT_SLOTS, type Segment } from './segment-list.ts';

const FIRST_PLACES = 16;
/** Subjects of a sealed segment are listed with their counts unless there are more than this. */
const LISTED_MAX = 1024;
/** Arrays are packed when less than three quarters of their places have a record. */
const PACKED_BELOW = 3 / 4;
const PACKED_PLACES_MIN = 64;

/** Arrays of full size that a segment has left. */
export interface LeftArrays {
  nodes: Uint32Array<ArrayBuffer>;
  sizes: Uint32Array<ArrayBuffer>;
  steps: Uint32Array<ArrayBuffer> | null;
}

export class IndexSegment implements Segment {
  readonly base: number;
  count = 0;
  /** Accounted sizes together. */
  bytes = 0;
  places = 0;
  firstSeconds = 0;
  firstNanos = 0;
  /** How many subjects got their first record here, at most. */
  subjectsMax = 0;
  private slots: Uint16Array | null = null;
  /** The node of the record's subject, 0 when there is no record. */
  private nodes = new Uint32Array(FIRST_PLACES);
  private sizes = new Uint32Array(FIRST_PLACES);
  /** How many sequences further on the subject's next record was put, 0 when unknown; made when a subject repeats. */
  private steps: Uint32Array<ArrayBuffer> | null = null;
  /** Of a sealed segment: its subjects, ascending, and how many records each has here. */
  private listed: Uint32Array | null = null;
  private counts: Uint16Array | null = null;

  constructor(base: number) {
    this.base = base;
  }

  placeOf(seq: number): number {
    const place = this.rawPlaceOf(seq);
    return place >= 0 && this.nodes[place] !== 0 ? place : -1;
  }

  /** The first place at or after a sequence's, with or without a record. */
  placeFrom(seq: number): number {
    const slot = Math.max(0, seq - this.base);
    if (this.slots === null) return Math.min(slot, this.places);
    return lowerBound(this.slots, this.places, slot);
  }

  seqAt(place: number): number {
    return this.base + (this.slots === null ? place : this.slots[place]!);
  }

  /** The node of a record's subject, 0 when there is no record. */
  nodeOf(seq: number): number {
    const place = this.rawPlaceOf(seq);
    return place < 0 ? 0 : this.nodes[place]!;
  }

  nodeAt(place: number): number {
    return this.nodes[place]!;
  }

  sizeAt(place: number): number {
    return this.sizes[place]!;
  }

  add(seq: number, node: number, size: number): void {
    const place = this.takePlace(seq - this.base);
    this.nodes[place] = node;
    this.sizes[place] = size;
    this.count++;
    this.bytes += size;
  }

  /** Notes that the record at `seq`, or one that was there, is followed by `next` in its subject. */
  link(seq: number, next: number): void {
    const place = this.rawPlaceOf(seq);
    const step = next - seq;
    if (place < 0 || step > 0xffffffff) return;
    this.steps ??= new Uint32Array(this.nodes.length);
    this.steps[place] = step;
  }

  /** The sequence that followed in the same subject, 0 when that is not known. */
  nextOf(seq: number): number {
    const place = this.steps === null ? -1 : this.rawPlaceOf(seq);
    const step = place < 0 ? 0 : this.steps![place]!;
    return step === 0 ? 0 : seq + step;
  }

  remove(place: number): void {
    const node = this.nodes[place]!;
    this.nodes[place] = 0;
    this.count--;
    this.bytes -= this.sizes[place]!;
    const index = this.listed === null ? -1 : findValue(this.listed, node);
    if (index >= 0) this.counts![index]!--;
  }

  /** All records are gone, and their subjects know. */
  empty(): void {
    this.count = 0;
    this.bytes = 0;
    this.places = 0;
    this.listed = null;
  }

  forgetLinks(): void {
    this.steps = null;
  }

  /** Nothing is added any more. */
  seal(): void {
    if (Math.min(this.subjectsMax, this.count) > LISTED_MAX) return;
    const found = tally.count(this.nodes, this.places);
    if (found > LISTED_MAX) return;
    this.listed = tally.subjects.slice(0, found).sort();
    this.counts = new Uint16Array(found);
    for (let index = 0; index < found; index++) this.counts[index] = tally.countOf(this.listed[index]!);
  }

  /** Takes the newest places back: they are used again. */
  forgetPlaces(seq: number): void {
    this.places = this.placeFrom(seq);
    this.listed = null;
    this.counts = null;
  }

  /** How many records of a subject are here. */
  countOf(node: number): number {
    if (this.listed !== null) {
      const index = findValue(this.listed, node);
      return index < 0 ? 0 : this.counts![index]!;
    }
    let count = 0;
    for (let place = 0; place < this.places; place++) if (this.nodes[place] === node) count++;
    return count;
  }

  /** The first place from `place` on with a record of the subject, -1 when there is none. */
  findFrom(place: number, node: number): number {
    if (this.listed !== null && this.countOf(node) === 0) return -1;
    const { nodes, places } = this;
    for (let at = place; at < places; at++) if (nodes[at] === node) return at;
    return -1;
  }

  /** The last place from `place` down with a record of the subject, -1 when there is none. */
  findDown(place: number, node: number): number {
    if (this.listed !== null && this.countOf(node) === 0) return -1;
    for (let at = place; at >= 0; at--) if (this.nodes[at] === node) return at;
    return -1;
  }

  /** The subjects that have records here and how many each; null when they are too many to be listed. */
  get subjects(): Uint32Array | null {
    return this.listed;
  }

  get subjectCounts(): Uint16Array {
    return this.counts!;
  }

  /** Once few records are left, so are the arrays. Links that led through removed records are lost. */
  pack(): void {
    if (this.places < PACKED_PLACES_MIN || this.count >= this.places * PACKED_BELOW) return;
    const slots = new Uint16Array(this.count);
    const kept = new Uint16Array(this.count);
    let count = 0;
    for (let place = 0; place < this.places; place++) {
      if (this.nodes[place] === 0) continue;
      slots[count] = this.seqAt(place) - this.base;
      kept[count++] = place;
    }
    this.nodes = picked(this.nodes, kept);
    this.sizes = picked(this.sizes, kept);
    this.steps = this.steps === null ? null : picked(this.steps, kept);
    this.slots = slots;
    this.places = count;
  }

  get memoryBytes(): number {
    const perPlace = 8 + (this.steps === null ? 0 : 4) + (this.slots === null ? 0 : 2);
    return this.nodes.length * perPlace + (this.listed === null ? 0 : this.listed.length * 6);
  }

  private rawPlaceOf(seq: number): number {
    const slot = seq - this.base;
    if (this.slots === null) return slot >= 0 && slot < this.places ? slot : -1;
    const place = lowerBound(this.slots, this.places, slot);
    return place < this.places && this.slots[place] === slot ? place : -1;
  }

  private takePlace(slot: number): number {
    const place = this.slots === null ? slot : this.places;
    if (place >= this.nodes.length) this.grow(place + 1);
    if (this.slots !== null) this.slots[place] = slot;
    else if (place > this.places) this.nodes.fill(0, this.places, place);
    if (this.steps !== null) for (let at = Math.min(this.places, place); at <= place; at++) this.steps[at] = 0;
    this.places = place + 1;
    return place;
  }

  /** Begins as large as it will probably become, in what another one has left. */
  reserve(left: LeftArrays | null): void {
    if (left === null) {
      this.grow(SEGMENT_SLOTS);
      return;
    }
    this.nodes = left.nodes;
    this.sizes = left.sizes;
    this.steps = left.steps;
  }

  /** What it leaves when it goes: a list that loses as much as it gets makes nothing for the collection of garbage. */
  leave(): LeftArrays | null {
    const { nodes, sizes, steps } = this;
    return nodes.length === SEGMENT_SLOTS && this.slots === null ? { nodes, sizes, steps } : null;
  }

  private grow(least: number): void {
    const size = Math.min(SEGMENT_SLOTS, Math.max(least, this.nodes.length * 2));
    this.nodes = grown(this.nodes, new Uint32Array(size));
    this.sizes = grown(this.sizes, new Uint32Array(size));
    if (this.steps !== null) this.steps = grown(this.steps, new Uint32Array(size));
    if (this.slots !== null) this.slots = grown(this.slots, new Uint16Array(size));
  }
}

/** Counts how often each subject occurs, in memory that is used by all segments, one after the other. */
class Tally {
  /** The different subjects, in the order in which they came. */
  readonly subjects = new Uint32Array(LISTED_MAX + 1);
  private counts = new Uint16Array(LISTED_MAX);
  private found = 0;

  /** Answers how many different ones there are, as far as they can be listed. */
  count(nodes: Uint32Array, places: number): number {
    for (let index = 0; index < this.found; index++) this.counts[this.subjects[index]!] = 0;
    this.found = 0;
    for (let place = 0; place < places && this.found <= LISTED_MAX; place++) {
      const node = nodes[place]!;
      if (node === 0) continue;
      if (node >= this.counts.length) this.counts = grown(this.counts, new Uint16Array(2 * node));
      if (this.counts[node]!++ === 0) this.subjects[this.found++] = node;
    }
    return this.found;
  }

  countOf(node: number): number {
    return this.counts[node]!;
  }
}

const tally = new Tally();

function lowerBound(values: Uint16Array | Uint32Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function findValue(values: Uint32Array, value: number): number {
  const index = lowerBound(values, values.length, value);
  return index < values.length && values[index] === value ? index : -1;
}

function grown<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function picked(from: Uint32Array, places: Uint16Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(places.length);
  for (let index = 0; index < places.length; index++) to[index] = from[places[index]!]!;
  return to;
}
