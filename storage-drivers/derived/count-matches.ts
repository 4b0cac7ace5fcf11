/** How many records match from a sequence on: what `num_pending` says, exact at any time. */
import type { FilterSet } from './filter-set.ts';
import type { IndexSegment } from './index-segment.ts';
import { nextOfLiteral } from './next-match.ts';
import type { RecordIndex } from './record-index.ts';
import { visitSubjects } from './subject-walk.ts';

/** Records of one subject up to this number are counted by going from one to the next. */
const WALK_MAX = 64;

/** Matching records at or above `from`. */
export function countMatches(index: RecordIndex, filters: FilterSet, from: number): number {
  if (filters.literal !== null) return countLiteral(index, filters.literalNode(index.subjects), from);
  if (filters.isAll) return countFrom(index, from);
  if (from <= index.firstFrom(0)) return countAllMatches(index, filters);
  return countSince(index, filters, from);
}

/** The same by looking at what lies above, and nothing else: for those who have counted up to there before. */
export function countSince(index: RecordIndex, filters: FilterSet, from: number): number {
  let count = 0;
  for (let at = index.segments.indexFrom(from); at < index.segments.length; at++) {
    const segment = index.segments.at(at);
    if (from > segment.base) count += countEdge(index, segment, filters, from);
    else count += filters.isAll ? segment.count : countInSegment(index, segment, filters);
  }
  return count;
}

/** Matching subjects whose last record is at or above `from`: each counts once. */
export function countLastMatches(index: RecordIndex, filters: FilterSet, from: number): number {
  return countFrom(index, from) < index.subjects.size
    ? countLastByRecords(index, filters, from)
    : countLastBySubjects(index, filters, from);
}

/** Every record that matches. */
export function countAllMatches(index: RecordIndex, filters: FilterSet): number {
  if (filters.isAll) return index.count;
  let count = 0;
  visitSubjects(index.subjects, filters, (node) => {
    count += index.subjects.count(node);
    return true;
  });
  return count;
}

/** All records at or above `from`. */
export function countFrom(index: RecordIndex, from: number): number {
  const start = index.segments.indexFrom(from);
  let before = 0;
  for (let at = 0; at < start; at++) before += index.segments.at(at).count;
  const edge = start < index.segments.length ? index.segments.at(start) : null;
  if (edge !== null)
    for (let place = edge.placeFrom(from) - 1; place >= 0; place--) if (edge.nodeAt(place) !== 0) before++;
  return index.count - before;
}

function countLiteral(index: RecordIndex, node: number, from: number): number {
  if (node === 0) return 0;
  const total = index.subjects.count(node);
  if (total === 0 || from <= index.firstOf(node)) return total;
  if (from > index.lastOf(node)) return 0;
  if (total <= WALK_MAX) return countByWalking(index, node, from);
  let count = 0;
  for (let at = index.segments.indexFrom(from); at < index.segments.length; at++) {
    const segment = index.segments.at(at);
    count += from <= segment.base ? segment.countOf(node) : countNodeFrom(segment, node, from);
  }
  return count;
}

function countByWalking(index: RecordIndex, node: number, from: number): number {
  let count = 0;
  for (let seq = nextOfLiteral(index, node, from); seq !== Number.POSITIVE_INFINITY; count++) {
    seq = index.nextOf(node, seq) || Number.POSITIVE_INFINITY;
  }
  return count;
}

function countNodeFrom(segment: IndexSegment, node: number, from: number): number {
  let count = 0;
  for (let place = segment.placeFrom(from); place < segment.places; place++) {
    if (segment.nodeAt(place) === node) count++;
  }
  return count;
}

function countInSegment(index: RecordIndex, segment: IndexSegment, filters: FilterSet): number {
  const { subjects } = segment;
  if (subjects === null) return countEdge(index, segment, filters, segment.base);
  const counts = segment.subjectCounts;
  let count = 0;
  for (let at = 0; at < subjects.length; at++) {
    if (counts[at]! > 0 && filters.matches(index.subjects, subjects[at]!)) count += counts[at]!;
  }
  return count;
}

function countEdge(index: RecordIndex, segment: IndexSegment, filters: FilterSet, from: number): number {
  let count = 0;
  for (let place = segment.placeFrom(from); place < segment.places; place++) {
    const node = segment.nodeAt(place);
    if (node !== 0 && filters.matches(index.subjects, node)) count++;
  }
  return count;
}

function countLastByRecords(index: RecordIndex, filters: FilterSet, from: number): number {
  let count = 0;
  for (let at = index.segments.indexFrom(from); at < index.segments.length; at++) {
    const segment = index.segments.at(at);
    for (let place = segment.placeFrom(from); place < segment.places; place++) {
      const node = segment.nodeAt(place);
      if (node === 0 || index.lastOf(node) !== segment.seqAt(place)) continue;
      if (filters.matches(index.subjects, node)) count++;
    }
  }
  return count;
}

function countLastBySubjects(index: RecordIndex, filters: FilterSet, from: number): number {
  let count = 0;
  visitSubjects(index.subjects, filters, (node) => {
    if (index.lastOf(node) >= from) count++;
    return true;
  });
  return count;
}
