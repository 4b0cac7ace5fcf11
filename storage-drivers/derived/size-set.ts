/**
 * Which sequences have a record, and how long each is, four bytes a sequence: what a driver keeps in memory whose
 * records lie elsewhere, so that it can say without reading what is there.
 */
import { baseOf, SEGMENT_SLOTS, type Segment, SegmentList } from './segment-list.ts';

class SizeSegment implements Segment {
  readonly base: number;
  count = 0;
  /** The length and one, 0 where there is no record. */
  readonly sizes = new Uint32Array(SEGMENT_SLOTS);

  constructor(base: number) {
    this.base = base;
  }
}

export class SizeSet {
  count = 0;
  bytes = 0;
  private readonly segments = new SegmentList<SizeSegment>();

  /** The sequence is above all that were added. */
  add(seq: number, size: number): void {
    let segment = this.segments.newest;
    if (segment === null || seq - segment.base >= SEGMENT_SLOTS) {
      segment = new SizeSegment(baseOf(seq));
      this.segments.push(segment);
    }
    segment.sizes[seq - segment.base] = size + 1;
    segment.count++;
    this.count++;
    this.bytes += size;
  }

  has(seq: number): boolean {
    const segment = this.segments.find(seq);
    return segment !== null && segment.sizes[seq - segment.base] !== 0;
  }

  /** Infinity when there is none at or above. */
  firstFrom(seq: number): number {
    for (let index = this.segments.indexFrom(seq); index < this.segments.length; index++) {
      const segment = this.segments.at(index);
      for (let slot = Math.max(0, seq - segment.base); slot < SEGMENT_SLOTS; slot++) {
        if (segment.sizes[slot] !== 0) return segment.base + slot;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** 0 when there is none at or below. */
  lastUpTo(seq: number): number {
    for (let index = this.segments.indexUpTo(seq); index >= 0; index--) {
      const segment = this.segments.at(index);
      for (let slot = Math.min(SEGMENT_SLOTS - 1, seq - segment.base); slot >= 0; slot--) {
        if (segment.sizes[slot] !== 0) return segment.base + slot;
      }
    }
    return 0;
  }

  /** Answers how many were there. */
  remove(from: number, to: number): number {
    const before = this.count;
    for (let index = this.segments.indexFrom(from); index < this.segments.length; ) {
      const segment = this.segments.at(index);
      if (segment.base > to) break;
      this.removeWithin(segment, from, to);
      if (segment.count === 0) this.segments.removeAt(index);
      else index++;
    }
    return before - this.count;
  }

  gaps(from: number, to: number, visit: (from: number, to: number) => void): void {
    for (let next = from; next <= to; ) {
      const present = this.firstFrom(next);
      if (present > next) visit(next, Math.min(present - 1, to));
      if (present > to) return;
      next = present + 1;
      while (next <= to && this.has(next)) next++;
    }
  }

  clone(): SizeSet {
    const copy = new SizeSet();
    for (const segment of this.segments.toArray()) {
      const same = new SizeSegment(segment.base);
      same.sizes.set(segment.sizes);
      same.count = segment.count;
      copy.segments.push(same);
    }
    copy.count = this.count;
    copy.bytes = this.bytes;
    return copy;
  }

  get memoryBytes(): number {
    return this.segments.length * SEGMENT_SLOTS * 4;
  }

  private removeWithin(segment: SizeSegment, from: number, to: number): void {
    const end = Math.min(SEGMENT_SLOTS - 1, to - segment.base);
    for (let slot = Math.max(0, from - segment.base); slot <= end; slot++) {
      const size = segment.sizes[slot]!;
      if (size === 0) continue;
      segment.sizes[slot] = 0;
      segment.count--;
      this.count--;
      this.bytes -= size - 1;
    }
  }
}
