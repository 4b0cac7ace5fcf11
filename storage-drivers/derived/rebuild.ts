/** The index made from the records, a slice at a time. */
import type { Clock } from '../../kernel/plugin-api.ts';
import { type RecordStore, Scan, type StoredRecord } from '../contract.ts';
import type { SizeFormula } from './accounting.ts';
import type { RecordIndex } from './record-index.ts';

/** Records looked at before others have their turn: a few milliseconds. */
const SLICE_RECORDS = 4096;

/** Adds every record above those that the index knows. Where there is doubt, `isRead`: by reading all of them. */
export async function rebuildIndex(
  store: RecordStore,
  index: RecordIndex,
  options: { readonly sizeOf: SizeFormula; readonly clock: Clock; readonly isRead?: boolean },
): Promise<void> {
  let from = Math.max(store.first, index.lastUpTo(store.last) + 1);
  let left = SLICE_RECORDS;
  const visit = (record: StoredRecord): boolean => {
    addRecord(index, record, options.sizeOf);
    from = record.seq + 1;
    return --left > 0;
  };
  const show = (record: StoredRecord): void => addRecord(index, record, options.sizeOf);
  while (from <= store.last) {
    if (store.survey !== undefined && options.isRead !== true) from = await store.survey(from, show);
    if (from > store.last) return;
    const end = store.scan(from, store.last, visit);
    if (end === Scan.done) return;
    if (end === Scan.cold) await loaded(store, store.coldSequence);
    else await nextTurn(options.clock);
    left = SLICE_RECORDS;
  }
}

export function addRecord(index: RecordIndex, record: StoredRecord, sizeOf: SizeFormula): void {
  const { seq, seconds, nanos, subjectBytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd } = record;
  const size = sizeOf(subjectEnd - subjectStart, bodyStart - headerStart, bodyEnd - bodyStart);
  index.add(seq, seconds, nanos, size, subjectBytes, subjectStart, subjectEnd);
}

/** Brings in the records from a sequence on, as many as the driver likes. */
export function loaded(store: Pick<RecordStore, 'load' | 'last'>, from: number): Promise<void> {
  return new Promise((resolve, reject) => {
    store.load(from, store.last, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function nextTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
