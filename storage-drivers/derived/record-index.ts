/**
 * All that is known about the records of a store without reading them, kept exact through every change: subjects,
 * sizes, what follows what in a subject, when segments began.
 *
 * First and last of a subject are corrected when somebody asks. Until then they may name a record that was removed,
 * which is still where the search begins.
 */
import type { FilterSet } from './filter-set.ts';
import { IndexSegment, type LeftArrays } from './index-segment.ts';
import { baseOf, SEGMENT_SLOTS, SegmentList } from './segment-list.ts';
import { COUNT, FIRST_IS_STALE, LAST_IS_STALE, rowOf, TEXT_AND_STALE } from './subject-nodes.ts';
import { SubjectTable } from './subject-table.ts';

/** Up to here, what the first segment could do without is worth an effort; of more segments it is soon gone as a whole. */
const SEGMENTS_PACKED_FIRST = 8;

export class RecordIndex {
  count = 0;
  /** Grows with each change. */
  changes = 0;
  /** By the formula that sizes were computed with. */
  bytes = 0;
  subjects = new SubjectTable();
  segments = new SegmentList<IndexSegment>();
  /** No subject notes a record as its last that was removed and lies above. */
  private staleUpTo = 0;
  /** Of the segment that went last, for the next. */
  private left: LeftArrays | null = null;

  /** The sequence is above all that were added. */
  add(
    seq: number,
    seconds: number,
    nanos: number,
    size: number,
    subjectBytes: Uint8Array,
    subjectStart: number,
    subjectEnd: number,
  ): void {
    this.addTo(this.subjects.ensureAgain(subjectBytes, subjectStart, subjectEnd), seq, seconds, nanos, size);
  }

  addTo(node: number, seq: number, seconds: number, nanos: number, size: number): void {
    const before = this.linkTo(node, seq);
    const newest = this.segments.newest;
    const tail =
      newest !== null && seq - newest.base < SEGMENT_SLOTS ? newest : this.openSegment(seq, seconds, nanos, newest);
    tail.add(seq, node, size);
    if (before < tail.base) tail.subjectsMax++;
    this.subjects.added(node, seq);
    this.count++;
    this.changes++;
    this.bytes += size;
  }

  has(seq: number): boolean {
    const segment = this.segments.find(seq);
    return segment !== null && segment.placeOf(seq) >= 0;
  }

  /** The accounted size of a record, 0 when there is none. */
  sizeOf(seq: number): number {
    const segment = this.segments.find(seq);
    const place = segment === null ? -1 : segment.placeOf(seq);
    return place < 0 ? 0 : segment!.sizeAt(place);
  }

  /** The node of a record's subject, 0 when there is no record. */
  subjectAt(seq: number): number {
    const segment = this.segments.find(seq);
    return segment === null ? 0 : segment.nodeOf(seq);
  }

  /** Infinity when there is none at or above. */
  firstFrom(seq: number): number {
    for (let index = this.segments.indexFrom(seq); index < this.segments.length; index++) {
      const segment = this.segments.at(index);
      if (segment.count === 0) continue;
      for (let place = segment.placeFrom(seq); place < segment.places; place++) {
        if (segment.nodeAt(place) !== 0) return segment.seqAt(place);
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** 0 when there is none at or below. */
  lastUpTo(seq: number): number {
    for (let index = this.segments.indexUpTo(seq); index >= 0; index--) {
      const segment = this.segments.at(index);
      for (let place = segment.placeFrom(seq + 1) - 1; place >= 0; place--) {
        if (segment.nodeAt(place) !== 0) return segment.seqAt(place);
      }
    }
    return 0;
  }

  /** Removes what is there; answers how many. */
  remove(from: number, to: number): number {
    let removed = 0;
    for (let index = this.segments.indexFrom(from); index < this.segments.length; ) {
      const segment = this.segments.at(index);
      if (segment.base > to) break;
      const isWhole = from <= segment.base && segment.base + SEGMENT_SLOTS - 1 <= to;
      removed +=
        isWhole && segment.subjects !== null ? this.removeWhole(segment) : this.removeWithin(segment, from, to);
      if (segment.count === 0 && index < this.segments.length - 1) {
        this.segments.removeAt(index);
        this.left = segment.leave() ?? this.left;
      } else index++;
    }
    return removed;
  }

  dropBefore(seq: number): number {
    if (this.segments.length === 0) return 0;
    if (this.firstFrom(seq) === Number.POSITIVE_INFINITY) return this.clear();
    return this.remove(this.segments.at(0).base, seq - 1);
  }

  /** Forgets everything; answers how many records that were. */
  clear(): number {
    const { count } = this;
    this.subjects = new SubjectTable();
    this.segments = new SegmentList();
    this.staleUpTo = 0;
    this.count = 0;
    this.changes++;
    this.bytes = 0;
    return count;
  }

  /** Takes back the newest records: sequences above will be added again. */
  truncate(seq: number): number {
    const touched = this.subjectsAbove(seq);
    const removed = this.remove(seq + 1, Number.POSITIVE_INFINITY);
    while (this.segments.newest !== null && this.segments.newest.base > seq) {
      this.segments.truncate(this.segments.length - 1);
    }
    this.segments.newest?.forgetPlaces(seq + 1);
    // Neither may a link lead to a sequence that will belong to another subject, nor a subject call such a one its last.
    if (touched === null) for (const segment of this.segments.toArray()) segment.forgetLinks();
    else for (const node of touched) this.unlinkLast(node);
    if (this.staleUpTo > seq) this.unlinkAbove(seq);
    return removed;
  }

  private unlinkAbove(seq: number): void {
    const { nodes } = this.subjects;
    for (let node = 0; node < nodes.length; node++) {
      const block = nodes.block(node);
      const row = rowOf(node);
      if (block.ints[row + COUNT]! > 0 && block.last(row) > seq) this.unlinkLast(node);
    }
    this.staleUpTo = seq;
  }

  /** The first record of a subject, 0 when it has none. */
  firstOf(node: number): number {
    const block = this.subjects.nodes.block(node);
    const { ints } = block;
    const row = rowOf(node);
    if (ints[row + COUNT] === 0) return 0;
    if ((ints[row + TEXT_AND_STALE]! & FIRST_IS_STALE) !== 0) {
      const isOnly = ints[row + COUNT] === 1 && (ints[row + TEXT_AND_STALE]! & LAST_IS_STALE) === 0;
      block.noteFirst(row, isOnly ? block.last(row) : this.nextOf(node, block.first(row)));
      ints[row + TEXT_AND_STALE]! &= ~FIRST_IS_STALE;
    }
    return block.first(row);
  }

  /** The last record of a subject, 0 when it has none. */
  lastOf(node: number): number {
    const block = this.subjects.nodes.block(node);
    const { ints } = block;
    const row = rowOf(node);
    if (ints[row + COUNT] === 0) return 0;
    if ((ints[row + TEXT_AND_STALE]! & LAST_IS_STALE) !== 0) {
      const isOnly = ints[row + COUNT] === 1 && (ints[row + TEXT_AND_STALE]! & FIRST_IS_STALE) === 0;
      block.noteLast(row, isOnly ? block.first(row) : this.previousOf(node, block.last(row)));
      ints[row + TEXT_AND_STALE]! &= ~LAST_IS_STALE;
    }
    return block.last(row);
  }

  /**
   * The subject's first record above `seq`, 0 when there is none. At `seq` stands or stood a record of the subject:
   * links are followed from there as far as they are known.
   */
  nextOf(node: number, seq: number): number {
    let at = seq;
    for (let segment = this.segments.find(at); segment !== null; segment = this.segments.find(at)) {
      const next = segment.nextOf(at);
      if (next === 0) break;
      at = next;
      if (this.subjectAt(at) === node) return at;
    }
    return this.searchUp(node, at + 1);
  }

  /** The same at or above, without links: by lists and looks. */
  searchUp(node: number, from: number): number {
    for (let index = this.segments.indexFrom(from); index < this.segments.length; index++) {
      const segment = this.segments.at(index);
      const place = segment.findFrom(segment.placeFrom(from), node);
      if (place >= 0) return segment.seqAt(place);
    }
    return 0;
  }

  /** The subject's last record below `seq`, 0 when there is none. */
  previousOf(node: number, seq: number): number {
    for (let index = this.segments.indexUpTo(seq - 1); index >= 0; index--) {
      const segment = this.segments.at(index);
      const place = segment.findDown(segment.placeFrom(seq) - 1, node);
      if (place >= 0) return segment.seqAt(place);
    }
    return 0;
  }

  matches(filters: FilterSet, node: number): boolean {
    return filters.matches(this.subjects, node);
  }

  get memoryBytes(): number {
    return this.segments.toArray().reduce((sum, segment) => sum + segment.memoryBytes, this.subjects.memoryBytes);
  }

  /** Notes at the subject's newest record, be it there or removed, that this one follows. Answers which it is, -1 for none. */
  private linkTo(node: number, seq: number): number {
    const block = this.subjects.nodes.block(node);
    const row = rowOf(node);
    if (block.ints[row + COUNT] === 0) return -1;
    const before = block.last(row);
    const { newest } = this.segments;
    const segment = newest !== null && before >= newest.base ? newest : this.segments.find(before);
    segment?.link(before, seq);
    return before;
  }

  /** Null when there are removed records among those above, whose subjects nobody knows any more. */
  private subjectsAbove(seq: number): Set<number> | null {
    const nodes = new Set<number>();
    for (let index = this.segments.indexFrom(seq + 1); index < this.segments.length; index++) {
      const segment = this.segments.at(index);
      for (let place = segment.placeFrom(seq + 1); place < segment.places; place++) {
        if (segment.nodeAt(place) === 0) return null;
        nodes.add(segment.nodeAt(place));
      }
    }
    return nodes;
  }

  private unlinkLast(node: number): void {
    const last = this.lastOf(node);
    if (last !== 0) this.segments.find(last)!.link(last, last);
  }

  private openSegment(seq: number, seconds: number, nanos: number, before: IndexSegment | null): IndexSegment {
    const segment = new IndexSegment(baseOf(seq));
    segment.firstSeconds = seconds;
    segment.firstNanos = nanos;
    if (before !== null) {
      if (before.places > SEGMENT_SLOTS / 2) {
        segment.reserve(this.left);
        this.left = null;
      }
      before.seal();
      before.pack();
      if (this.segments.length < SEGMENTS_PACKED_FIRST) this.segments.at(0).pack();
      if (before.count === 0) this.segments.removeAt(this.segments.length - 1);
    }
    this.segments.push(segment);
    return segment;
  }

  private removeWithin(segment: IndexSegment, from: number, to: number): number {
    let removed = 0;
    for (let place = segment.placeFrom(from); place < segment.places && segment.count > 0; place++) {
      const node = segment.nodeAt(place);
      if (node === 0) continue;
      const seq = segment.seqAt(place);
      if (seq > to) break;
      this.bytes -= segment.sizeAt(place);
      segment.remove(place);
      this.removedFrom(segment, node, seq);
      removed++;
    }
    this.count -= removed;
    this.changes += removed;
    // What is removed from the front is soon gone as a whole.
    if (removed > 0 && segment !== this.segments.newest && segment !== this.segments.at(0)) segment.pack();
    return removed;
  }

  /** All of a segment, subject by subject instead of record by record. */
  private removeWhole(segment: IndexSegment): number {
    const { count, subjects, subjectCounts } = segment;
    const end = segment.base + SEGMENT_SLOTS - 1;
    for (let index = 0; index < subjects!.length; index++) {
      const node = subjects![index]!;
      if (subjectCounts[index] === 0 || this.subjects.removed(node, subjectCounts[index]!) === 0) continue;
      const block = this.subjects.nodes.block(node);
      const row = rowOf(node);
      if (block.first(row) >= segment.base && block.first(row) <= end) {
        block.noteFirst(row, end);
        block.ints[row + TEXT_AND_STALE]! |= FIRST_IS_STALE;
      }
      if (block.last(row) >= segment.base && block.last(row) <= end) {
        block.noteLast(row, segment.base);
        block.ints[row + TEXT_AND_STALE]! |= LAST_IS_STALE;
        if (segment.base > this.staleUpTo) this.staleUpTo = segment.base;
      }
    }
    this.count -= count;
    this.changes += count;
    this.bytes -= segment.bytes;
    segment.empty();
    return count;
  }

  private removedFrom(segment: IndexSegment, node: number, seq: number): void {
    const block = this.subjects.nodes.block(node);
    const row = rowOf(node);
    if (this.subjects.removed(node, 1) === 0) return;
    if (block.first(row) === seq) {
      // The link is followed now, while it is there.
      const next = segment.nextOf(seq);
      if (next !== 0) block.noteFirst(row, next);
      const isHere = next - segment.base < SEGMENT_SLOTS;
      if (next === 0 || (isHere ? segment.nodeOf(next) : this.subjectAt(next)) !== node)
        block.ints[row + TEXT_AND_STALE]! |= FIRST_IS_STALE;
    }
    if (block.last(row) !== seq) return;
    block.ints[row + TEXT_AND_STALE]! |= LAST_IS_STALE;
    if (seq > this.staleUpTo) this.staleUpTo = seq;
  }
}
