/**
 * The index as cells: some parts, and a head that makes them valid. It is believed only if it names a place in the
 * history of the store that the store has passed through, and every part is whole; then it is brought up to date.
 * Otherwise it is as if it were not there.
 */
import type { Clock } from '../../kernel/plugin-api.ts';
import type { RecordStore } from '../contract.ts';
import { ByteReader, ByteWriter } from './byte-writer.ts';
import { checksum } from './checksum.ts';
import type { IndexSegment } from './index-segment.ts';
import { nextTurn } from './rebuild.ts';
import { RecordIndex } from './record-index.ts';

const VERSION = 1;
const HEAD = 'index';
const PART = 'index.';
/** Segments in a part: some hundred kilobytes, and a few milliseconds. */
const PART_SEGMENTS = 4;

/** Writes nothing that would be believed if the index changes meanwhile. */
export async function saveIndex(store: RecordStore, index: RecordIndex, clock: Clock): Promise<void> {
  const { changes } = index;
  const segments = index.segments.toArray();
  const numbers = new Map<number, number>();
  const head = new ByteWriter();
  const parts = Math.ceil(segments.length / PART_SEGMENTS);
  head.u32(VERSION);
  head.u32(parts);
  for (let part = 0; part < parts; part++) {
    if (part > 0) await nextTurn(clock);
    if (index.changes !== changes) return;
    const writer = new ByteWriter();
    const from = part * PART_SEGMENTS;
    for (const segment of segments.slice(from, from + PART_SEGMENTS)) writeSegment(writer, index, segment, numbers);
    head.u32(checksum(writer.written, 0, writer.length));
    if (store.cells.put(PART + part, writer.written) < 0) return;
  }
  const mark = store.mark();
  head.float64(mark.position);
  head.float64(mark.check);
  head.u32(checksum(head.written, 0, head.length));
  store.cells.put(HEAD, head.written);
}

/** An empty index when there is no checkpoint, or none to be believed. */
export async function restoreIndex(store: RecordStore, clock: Clock): Promise<RecordIndex> {
  const sums = await readHead(store);
  const index = new RecordIndex();
  const nodes: number[] = [];
  for (let part = 0; part < sums.length; part++) {
    if (part > 0) await nextTurn(clock);
    const bytes = await cellOrNull(store, PART + part);
    if (bytes === null || checksum(bytes, 0, bytes.length) !== sums[part] || !readPart(index, bytes, nodes))
      return new RecordIndex();
  }
  bringUpToDate(store, index);
  return index;
}

/**
 * Once it is known again, a store that can be surveyed does without what was written: its driver would keep all of it in memory, and write
 * it anew with each checkpoint of its own.
 */
export async function forgetSaved(store: RecordStore): Promise<void> {
  const names = (await store.cells.list(HEAD)).filter((name) => name === HEAD || name.startsWith(PART));
  if (names.length === 0) return;
  store.begin();
  for (const name of names) store.cells.delete(name);
  store.commit();
}

/** The checksums of the parts; none when the head is not to be believed. */
async function readHead(store: RecordStore): Promise<number[]> {
  const bytes = await cellOrNull(store, HEAD);
  if (bytes === null || bytes.length < 12) return [];
  const sumAt = bytes.length - 4;
  const reader = new ByteReader(bytes, true);
  if (checksum(bytes, 0, sumAt) !== new ByteReader(bytes.subarray(sumAt), true).u32()) return [];
  if (reader.u32() !== VERSION) return [];
  const sums = Array.from({ length: reader.u32() }, () => reader.u32());
  const mark = { position: reader.float64(), check: reader.float64() };
  return !reader.isShort && store.passed(mark) ? sums : [];
}

/** A damaged cell is one that is not there. */
async function cellOrNull(store: RecordStore, name: string): Promise<Uint8Array | null> {
  try {
    return await store.cells.get(name);
  } catch {
    return null;
  }
}

function writeSegment(
  writer: ByteWriter,
  index: RecordIndex,
  segment: IndexSegment,
  numbers: Map<number, number>,
): void {
  writer.float64(segment.base);
  writer.float64(segment.firstSeconds);
  writer.u32(segment.firstNanos);
  writer.varint(segment.count);
  let slot = 0;
  for (let place = 0; place < segment.places; place++) {
    const node = segment.nodeAt(place);
    if (node === 0) continue;
    const next = segment.seqAt(place) - segment.base;
    writer.varint(next - slot);
    slot = next;
    writeSubject(writer, index, node, numbers);
    writer.varint(segment.sizeAt(place));
  }
}

/** A number, and the text where it is new. */
function writeSubject(writer: ByteWriter, index: RecordIndex, node: number, numbers: Map<number, number>): void {
  const known = numbers.get(node);
  if (known !== undefined) {
    writer.varint(known);
    return;
  }
  const text = Buffer.from(index.subjects.subjectOf(node), 'latin1');
  writer.varint(numbers.size);
  writer.varint(text.length);
  writer.raw(text);
  numbers.set(node, numbers.size);
}

function readPart(index: RecordIndex, bytes: Uint8Array, nodes: number[]): boolean {
  const reader = new ByteReader(bytes, true);
  while (!reader.isAtEnd) {
    const base = reader.float64();
    const seconds = reader.float64();
    const nanos = reader.u32();
    const count = reader.varint();
    let seq = base;
    for (let record = 0; record < count; record++) {
      seq += reader.varint();
      const node = readSubject(reader, index, nodes);
      const size = reader.varint();
      if (reader.isShort) return false;
      index.addTo(node, seq, seconds, nanos, size);
    }
  }
  return !reader.isShort;
}

function readSubject(reader: ByteReader, index: RecordIndex, nodes: number[]): number {
  const number = reader.varint();
  if (number < nodes.length) return nodes[number]!;
  const length = reader.varint();
  const start = reader.skip(length);
  if (reader.isShort) return 0;
  nodes.push(index.subjects.ensure(reader.bytes, start, reader.at));
  return nodes[nodes.length - 1]!;
}

/** What was removed since is removed here too; what was appended since is added by whoever asked. */
function bringUpToDate(store: RecordStore, index: RecordIndex): void {
  index.dropBefore(store.first);
  if (index.lastUpTo(Number.POSITIVE_INFINITY) > store.last) index.truncate(store.last);
  store.gaps(store.first, store.last, (from, to) => index.remove(from, to));
  for (const { from, to } of store.holes().ranges) index.remove(from, to);
}
