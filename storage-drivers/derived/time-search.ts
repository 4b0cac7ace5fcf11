/** The first record at or after a time: by when segments began, and then by the records of one of them. */
import { Read, type RecordStore } from '../contract.ts';
import type { IndexSegment } from './index-segment.ts';
import type { RecordIndex } from './record-index.ts';
import { SEGMENT_SLOTS } from './segment-list.ts';

/** A record has to be brought in first: `store.load(store.coldSequence, ...)`, then ask again. */
export const TIME_IS_COLD = -1;

/** Its sequence; Infinity when all records are older. Times never decrease from one record to the next. */
export function findTime(index: RecordIndex, store: RecordStore, seconds: number, nanos: number): number {
  const at = lastBegunBefore(index, seconds, nanos);
  if (at < 0) return index.firstFrom(0);
  const segment = index.segments.at(at);
  const found = findWithin(segment, store, seconds, nanos);
  return found === null ? index.firstFrom(segment.base + SEGMENT_SLOTS) : found;
}

/** The last segment that begins before the time, whose later records may be the first that are not. */
function lastBegunBefore(index: RecordIndex, seconds: number, nanos: number): number {
  let low = 0;
  let high = index.segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const segment = index.segments.at(middle);
    if (isBefore(segment.firstSeconds, segment.firstNanos, seconds, nanos)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Null when all records of the segment are older. */
function findWithin(segment: IndexSegment, store: RecordStore, seconds: number, nanos: number): number | null {
  let low = 0;
  let high = segment.places;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const place = readableDown(segment, store, middle, low);
    if (place === TIME_IS_COLD) return TIME_IS_COLD;
    const isNewer = place !== null && !isBefore(store.record.seconds, store.record.nanos, seconds, nanos);
    if (isNewer) high = place;
    else low = middle + 1;
  }
  const place = presentUp(segment, low);
  return place < 0 ? null : segment.seqAt(place);
}

/**
 * The nearest place from `from` down whose record could be read, which is left in the store's view; null without one.
 */
function readableDown(segment: IndexSegment, store: RecordStore, from: number, to: number): number | null {
  for (let place = presentDown(segment, from, to); place >= 0; place = presentDown(segment, place - 1, to)) {
    const read = store.read(segment.seqAt(place));
    if (read === Read.found) return place;
    if (read === Read.cold) return TIME_IS_COLD;
  }
  return null;
}

function presentDown(segment: IndexSegment, from: number, to: number): number {
  for (let place = from; place >= to; place--) if (segment.nodeAt(place) !== 0) return place;
  return -1;
}

function presentUp(segment: IndexSegment, from: number): number {
  for (let place = from; place < segment.places; place++) if (segment.nodeAt(place) !== 0) return place;
  return -1;
}

function isBefore(seconds: number, nanos: number, thanSeconds: number, thanNanos: number): boolean {
  return seconds < thanSeconds || (seconds === thanSeconds && nanos < thanNanos);
}
