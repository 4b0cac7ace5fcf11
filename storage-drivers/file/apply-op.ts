/** Applies operations from the journal to a store that is coming back. */

import { RecordView } from '../derived/record-view.ts';
import { blockPath } from './blocks/block-file.ts';
import type { FileStore } from './file-store.ts';
import { RECORD_HEADER_BYTES } from './journal/record-format.ts';
import type { JournalHole } from './journal/recovery.ts';
import { getU64, viewOf } from './numbers.ts';
import { APPEND_OVERHEAD, appendSeqAt, Op, readAppend, serialDistance } from './op-format.ts';
import type { PlacedRecords } from './placed-records.ts';

const record = new RecordView();

/**
 * The data of the operation stands from `at` to `end`. Those that the checkpoint includes are passed over; where one is missing, it was
 * lost with a part of the journal.
 */
export function applyOp(
  store: FileStore,
  type: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  placed: PlacedRecords,
): void {
  const view = viewOf(bytes);
  const ahead = serialDistance(store.serial, view.getUint32(at, true));
  if (ahead <= 0) return;
  if (ahead > 1) store.missing = store.doubt ?? UNKNOWN_HOLE;
  store.doubt = null;
  if (store.missing !== null && (type === Op.append || type === Op.placed)) noteMissing(store, view, at);
  store.serial += ahead;
  if (type === Op.append) applyAppend(store, bytes, view, at, end);
  else if (type === Op.placed) applyPlaced(store, view, at, placed);
  else if (type === Op.cut) store.leaving.cut(getU64(view, at + 4));
  else if (type === Op.era) store.eras.push({ from: store.serial, check: getU64(view, at + 4) });
  else if (type === Op.publish) store.isStaged = false;
  else if (type === Op.destroy) store.isDestroyed = true;
  else if (type === Op.cellPut || type === Op.cellExtend || type === Op.cellDelete)
    applyCell(store, type, bytes, at, end);
  else if (type === Op.remove || type === Op.erase || type === Op.drop || type === Op.advance) {
    if (type === Op.erase) store.erasures.add(0, getU64(view, at + 4), getU64(view, at + 12), store.serial);
    store.leaving.remove({ type, from: getU64(view, at + 4), to: getU64(view, at + 12) });
  }
}

export interface Created {
  readonly id: string;
  readonly firstSequence: number;
  readonly isStaged: boolean;
}

export function readCreate(bytes: Uint8Array, at: number): Created {
  const length = bytes[at + 13]!;
  return {
    firstSequence: getU64(viewOf(bytes), at + 4),
    isStaged: (bytes[at + 12]! & 1) !== 0,
    id: Buffer.from(bytes.subarray(at + 14, at + 14 + length)).toString(),
  };
}

function applyAppend(store: FileStore, bytes: Uint8Array, view: DataView, at: number, end: number): void {
  readAppend(bytes, view, at, end, record);
  // A block may be ahead of the checkpoint that it was written for.
  if (record.seq <= store.last) return;
  if (store.count === 0) store.first = record.seq;
  store.blocks.append(record.seq, bytes, at - RECORD_HEADER_BYTES, end - at + RECORD_HEADER_BYTES);
  store.blocks.settle();
  store.last = record.seq;
  store.lastSeconds = record.seconds;
  store.lastNanos = record.nanos;
}

/** The message is in a block already. When it is not there any more, it is lost. */
function applyPlaced(store: FileStore, view: DataView, at: number, placed: PlacedRecords): void {
  const seq = appendSeqAt(view, at);
  if (seq <= store.last) return;
  const found = placed.find(store.number, view, at);
  if (store.count === 0) store.first = seq;
  store.last = seq;
  store.hasPlaced = true;
  if (found === null) {
    store.blocks.lost.add(seq, seq);
    store.unplaced.push({ seq, block: view.getUint32(at + 12, true), size: view.getUint32(at + 16, true) });
    if (store.count === 0) store.first = seq + 1;
    return;
  }
  store.blocks.adopt(seq, found.size, found);
  store.lastSeconds = found.seconds;
  store.lastNanos = found.nanos;
}

/** Messages that the journal spoke of, and that are in no block any more; what was removed since is no loss. */
export function tellUnplaced(store: FileStore): void {
  for (const { seq, block, size } of store.unplaced.splice(0)) {
    if (!store.blocks.lost.has(seq)) continue;
    const what = {
      cause: 'missing',
      lost: [{ from: seq, to: seq }],
      records: 1,
      bytes: size - APPEND_OVERHEAD,
    } as const;
    const path = blockPath(store.directory, block);
    store.world.damage.found({ store: store.id, part: 'block', path, from: 0, to: 0, ...what });
  }
}

function applyCell(store: FileStore, type: number, bytes: Uint8Array, at: number, end: number): void {
  const length = bytes[at + 13]!;
  const name = Buffer.from(bytes.subarray(at + 14, at + 14 + length)).toString();
  const value = type === Op.cellDelete ? null : new Uint8Array(bytes.subarray(at + 14 + length, end));
  store.cells.apply({ name, value, isMore: type === Op.cellExtend });
}

const UNKNOWN_HOLE: JournalHole = { path: '', from: 0, to: 0, firstFrame: 0, lastFrame: 0, records: 0, stores: null };

/** Operations are gone. If they appended messages, those are a hole; if they did something else, nobody knows what. */
function noteMissing(store: FileStore, view: DataView, at: number): void {
  const { path, from, to } = store.missing!;
  store.missing = null;
  store.isAmnesiac = true;
  const lost = { from: store.last + 1, to: appendSeqAt(view, at) - 1 };
  const records = lost.to - lost.from + 1;
  if (records <= 0) return;
  store.blocks.lost.add(lost.from, lost.to);
  const what = { cause: 'checksum', lost: [lost], records, bytes: 0 } as const;
  store.world.damage.found({ store: store.id, part: 'journal', path, from, to, ...what });
}

/**
 * Nothing came after the lost part of the journal that would show whether something is missing. No sequence is given out twice: as many
 * as may have been lost are spent.
 */
export function settleDoubt(store: FileStore): void {
  const hole = store.doubt ?? store.missing;
  if (hole === null) return;
  store.isAmnesiac = true;
  store.last += hole.records;
  if (store.count === 0) store.first = store.last + 1;
  store.doubt = null;
  store.missing = null;
}
