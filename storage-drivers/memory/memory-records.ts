/** The records of a store as segments: found, walked, removed, and left untouched for snapshots that hold them. */
import { type MessageBytes, Scan, type Visit } from '../contract.ts';
import type { RecordView } from '../derived/record-view.ts';
import { baseOf, SEGMENT_SLOTS, SegmentList } from '../derived/segment-list.ts';
import { Copier } from './chunk.ts';
import { RecordSegment } from './record-segment.ts';
import type { UsedMemory } from './used-memory.ts';

/** Up to here, what the first segment could do without is worth an effort; of more segments it is soon gone as a whole. */
const SEGMENTS_PACKED_FIRST = 8;

export class MemoryRecords {
  count = 0;
  contentBytes = 0;
  segments = new SegmentList<RecordSegment>();
  /** Raised by each snapshot: segments of an older epoch may be in its hands. */
  epoch = 0;
  snapshots = 0;
  private readonly copier = new Copier();
  private readonly memory: UsedMemory;
  /** Erased, and still in the hands of snapshots. */
  private doomed: Uint8Array[] = [];

  constructor(memory: UsedMemory) {
    this.memory = memory;
  }

  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): void {
    const newest = this.segments.newest;
    const tail = newest !== null && seq - newest.base < SEGMENT_SLOTS ? newest : this.openSegment(seq);
    tail.append(seq, seconds, nanos, flags, message, this.copier);
    this.count++;
    this.contentBytes += message.subjectEnd - message.subjectStart + message.bodyEnd - message.headerStart;
  }

  show(seq: number, view: RecordView): boolean {
    const segment = this.segments.find(seq);
    const place = segment === null ? -1 : segment.placeOf(seq);
    if (place < 0) return false;
    segment!.show(place, view);
    return true;
  }

  /** The first sequence with a record at or above; Infinity when there is none. */
  firstFrom(seq: number): number {
    for (let index = this.segments.indexFrom(seq); index < this.segments.length; index++) {
      const segment = this.segments.at(index);
      for (let place = segment.placeFrom(seq); place < segment.places; place++) {
        if (segment.isPresent(place)) return segment.seqAt(place);
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  scan(from: number, to: number, view: RecordView, visit: Visit): Scan {
    return scanSegments(this.segments, from, to, view, visit);
  }

  /** Removes what is there in the range; answers how many. */
  remove(from: number, to: number, isErased: boolean): number {
    let removed = 0;
    for (let index = this.segments.indexFrom(from); index < this.segments.length; ) {
      const segment = this.segments.at(index);
      if (segment.base > to) break;
      const isWhole = from <= segment.base && segment.base + SEGMENT_SLOTS - 1 <= to && !isErased;
      removed += isWhole ? segment.count : this.removeWithin(index, from, to, isErased);
      if (isWhole) this.forget(segment);
      else if (this.segments.at(index).count === 0) this.release(this.segments.at(index));
      if (isWhole || this.segments.at(index).count === 0) this.segments.removeAt(index);
      else index++;
    }
    return removed;
  }

  /** Drops all below, by whole segments but for the last. */
  dropBefore(seq: number): number {
    const whole = this.segments.indexFrom(seq);
    let removed = 0;
    for (let index = 0; index < whole; index++) {
      removed += this.segments.at(index).count;
      this.forget(this.segments.at(index));
    }
    this.segments.dropFirst(whole);
    const edge = this.segments.length === 0 ? null : this.segments.at(0);
    return edge !== null && edge.base < seq ? removed + this.remove(edge.base, seq - 1, false) : removed;
  }

  /** Takes back all above, as if it had not been appended; answers how many. */
  truncate(seq: number): number {
    let removed = 0;
    while (this.segments.length > 0) {
      const newest = this.segments.newest!;
      const index = this.segments.length - 1;
      if (newest.base <= seq) {
        removed += this.removeWithin(index, seq + 1, newest.base + SEGMENT_SLOTS, false);
        this.segments.at(index).forgetPlaces(seq + 1);
        break;
      }
      removed += newest.count;
      this.forget(newest);
      this.segments.truncate(index);
    }
    return removed;
  }

  /** What lies below `seq` and above is the same for everybody who holds these. */
  hold(): SegmentList<RecordSegment> {
    this.snapshots++;
    this.epoch++;
    const held = new SegmentList<RecordSegment>();
    for (const segment of this.segments.toArray()) held.push(segment);
    return held;
  }

  letGo(): void {
    if (--this.snapshots > 0) return;
    for (const bytes of this.doomed) bytes.fill(0);
    this.doomed = [];
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    let next = from;
    while (next <= to) {
      const present = this.firstFrom(next);
      if (present > to) break;
      if (present > next) visit(next, present - 1);
      next = this.runEnd(present, to) + 1;
    }
    if (next <= to) visit(next, to);
  }

  memoryBytes(): number {
    let sum = 0;
    for (const segment of this.segments.toArray()) {
      sum += segment.arrayBytes;
      for (const chunk of segment.chunks) sum += chunk?.bytes.length ?? 0;
    }
    return sum;
  }

  /** The last sequence of the unbroken run of records that begins at `seq`. */
  private runEnd(seq: number, to: number): number {
    let end = seq;
    for (let segment = this.segments.find(end); segment !== null; segment = this.segments.find(end)) {
      while (end <= to && segment.placeOf(end) >= 0) end++;
      if (end > to || end - segment.base < SEGMENT_SLOTS) break;
    }
    return end - 1;
  }

  private openSegment(seq: number): RecordSegment {
    const before = this.segments.newest;
    const spare = before === null ? null : before.seal();
    const segment = new RecordSegment(baseOf(seq), this.epoch, this.memory);
    if (before !== null) segment.follow(before, this.snapshots === 0 ? spare : null);
    if (before !== null && this.segments.length < SEGMENTS_PACKED_FIRST) this.writable(0).pack(this.snapshots === 0);
    this.segments.push(segment);
    return segment;
  }

  /** A segment that is dropped as a whole. */
  private forget(segment: RecordSegment): void {
    this.count -= segment.count;
    this.contentBytes -= segment.contentBytes();
    this.release(segment);
  }

  /** What no snapshot may hold is used again. */
  private release(segment: RecordSegment): void {
    if (this.snapshots === 0) segment.release();
  }

  private removeWithin(index: number, from: number, to: number, isErased: boolean): number {
    let removed = 0;
    const isOpen = index === this.segments.length - 1;
    let segment = this.segments.at(index);
    for (let place = segment.placeFrom(from); place < segment.places && segment.seqAt(place) <= to; place++) {
      if (!segment.isPresent(place)) continue;
      if (removed++ === 0) segment = this.writable(index);
      this.contentBytes -= segment.contentLength(place);
      this.count--;
      const chunk = segment.chunkOf(place);
      if (isErased) this.erase(segment, place);
      segment.remove(place);
      segment.compactChunk(chunk, isOpen, this.snapshots === 0);
    }
    // What is removed from the front is soon gone as a whole.
    if (removed > 0 && !isOpen && index > 0) segment.pack(this.snapshots === 0);
    return removed;
  }

  /** Snapshots see the bytes to their end. */
  private erase(segment: RecordSegment, place: number): void {
    const bytes = segment.bytesAt(place);
    if (this.snapshots === 0) bytes.fill(0);
    else this.doomed.push(bytes);
  }

  /** The segment, or a copy that takes its place while snapshots may hold it. */
  private writable(index: number): RecordSegment {
    const segment = this.segments.at(index);
    if (this.snapshots === 0 || segment.epoch === this.epoch) return segment;
    const copy = segment.clone(this.epoch);
    this.segments.replace(index, copy);
    return copy;
  }
}

export function scanSegments(
  segments: SegmentList<RecordSegment>,
  from: number,
  to: number,
  view: RecordView,
  visit: Visit,
): Scan {
  return from <= to ? scanUp(segments, from, to, view, visit) : scanDown(segments, from, to, view, visit);
}

function scanUp(segments: SegmentList<RecordSegment>, from: number, to: number, view: RecordView, visit: Visit): Scan {
  for (let index = segments.indexFrom(from); index < segments.length; index++) {
    const segment = segments.at(index);
    if (segment.base > to) break;
    for (let place = segment.placeFrom(from); place < segment.places; place++) {
      if (!segment.isPresent(place)) continue;
      if (segment.seqAt(place) > to) return Scan.done;
      segment.show(place, view);
      if (!visit(view)) return Scan.stopped;
    }
  }
  return Scan.done;
}

function scanDown(
  segments: SegmentList<RecordSegment>,
  from: number,
  to: number,
  view: RecordView,
  visit: Visit,
): Scan {
  for (let index = segments.indexUpTo(from); index >= 0; index--) {
    const segment = segments.at(index);
    if (segment.base + SEGMENT_SLOTS <= to) break;
    for (let place = segment.placeFrom(from + 1) - 1; place >= 0; place--) {
      if (!segment.isPresent(place)) continue;
      if (segment.seqAt(place) < to) return Scan.done;
      segment.show(place, view);
      if (!visit(view)) return Scan.stopped;
    }
  }
  return Scan.done;
}
