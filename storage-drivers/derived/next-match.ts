/** The next and the previous record whose subject matches, found without looking at any other record's bytes. */
import type { FilterSet } from './filter-set.ts';
import type { IndexSegment } from './index-segment.ts';
import type { RecordIndex } from './record-index.ts';
import { SEGMENT_SLOTS } from './segment-list.ts';

/** The first matching sequence at or above; Infinity when there is none. */
export function nextMatch(index: RecordIndex, filters: FilterSet, from: number): number {
  if (filters.isAll) return index.firstFrom(from);
  if (filters.literal !== null) return nextOfLiteral(index, filters.literalNode(index.subjects), from);
  for (let at = index.segments.indexFrom(from); at < index.segments.length; at++) {
    const segment = index.segments.at(at);
    if (from <= segment.base && !mayHold(index, segment, filters)) continue;
    for (let place = segment.placeFrom(from); place < segment.places; place++) {
      const node = segment.nodeAt(place);
      if (node !== 0 && filters.matches(index.subjects, node)) return segment.seqAt(place);
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** The same, no further than `to`: Infinity also where the next is above it. For filters with wildcards, or several. */
export function nextMatchWithin(index: RecordIndex, filters: FilterSet, from: number, to: number): number {
  for (let at = index.segments.indexFrom(from); at < index.segments.length; at++) {
    const segment = index.segments.at(at);
    if (segment.base > to) break;
    if (from <= segment.base && !mayHold(index, segment, filters)) continue;
    const end = segment.placeFrom(to + 1);
    for (let place = segment.placeFrom(from); place < end; place++) {
      const node = segment.nodeAt(place);
      if (node !== 0 && filters.matches(index.subjects, node)) return segment.seqAt(place);
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** The last matching sequence at or below; 0 when there is none. */
export function previousMatch(index: RecordIndex, filters: FilterSet, from: number): number {
  if (filters.isAll) return index.lastUpTo(from);
  if (filters.literal !== null) return previousOfLiteral(index, filters.literalNode(index.subjects), from);
  return previousMatchWithin(index, filters, from, 0);
}

/** The same, no further down than `to`: 0 also where the next is below it. For filters with wildcards, or several. */
export function previousMatchWithin(index: RecordIndex, filters: FilterSet, from: number, to: number): number {
  for (let at = index.segments.indexUpTo(from); at >= 0; at--) {
    const segment = index.segments.at(at);
    if (segment.base + SEGMENT_SLOTS <= to) break;
    if (!mayHold(index, segment, filters)) continue;
    const end = segment.placeFrom(to);
    for (let place = segment.placeFrom(from + 1) - 1; place >= end; place--) {
      const node = segment.nodeAt(place);
      if (node !== 0 && filters.matches(index.subjects, node)) return segment.seqAt(place);
    }
  }
  return 0;
}

/** The same for the subject of a node. */
export function nextOfLiteral(index: RecordIndex, node: number, from: number): number {
  if (node === 0 || index.subjects.count(node) === 0) return Number.POSITIVE_INFINITY;
  const first = index.firstOf(node);
  if (from <= first) return first;
  if (from > index.lastOf(node)) return Number.POSITIVE_INFINITY;
  // Those who read one after the other ask for what follows a record they have just had: a link leads there.
  if (index.subjectAt(from) === node) return from;
  const next = index.subjectAt(from - 1) === node ? index.nextOf(node, from - 1) : index.searchUp(node, from);
  return next || Number.POSITIVE_INFINITY;
}

export function previousOfLiteral(index: RecordIndex, node: number, from: number): number {
  if (node === 0 || index.subjects.count(node) === 0) return 0;
  const last = index.lastOf(node);
  if (from >= last) return last;
  return from < index.firstOf(node) ? 0 : index.previousOf(node, from + 1);
}

/** False when the list of the segment's subjects shows that none matches. */
function mayHold(index: RecordIndex, segment: IndexSegment, filters: FilterSet): boolean {
  const { subjects } = segment;
  if (segment.count === 0) return false;
  if (subjects === null) return true;
  const counts = segment.subjectCounts;
  for (let at = 0; at < subjects.length; at++) {
    if (counts[at]! > 0 && filters.matches(index.subjects, subjects[at]!)) return true;
  }
  return false;
}
