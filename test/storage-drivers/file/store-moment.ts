/** What a store holds at a moment, as plain maps, to be compared with what it held before. */
import * as assert from 'uvu/assert';
import { Read, type RecordStore, Scan, type StoredRecord } from '../../../storage-drivers/contract.ts';

/** What a store holds after some operation. */
export interface Moment {
  readonly records: ReadonlyMap<number, string>;
  readonly cells: ReadonlyMap<string, string>;
  readonly last: number;
}

export const EMPTY: Moment = { records: new Map(), cells: new Map(), last: 0 };

/** Lets time pass until something has happened. */
type Waiting = <T>(promise: Promise<T>) => Promise<T>;

/** All there is to read, with whatever has to be brought in. */
export async function momentOf(store: RecordStore, until: Waiting): Promise<Moment> {
  const records = new Map<number, string>();
  for (let next = 1; ; ) {
    const end = store.scan(next, Number.MAX_SAFE_INTEGER, (record) => {
      records.set(record.seq, textOf(record));
      next = record.seq + 1;
      return true;
    });
    if (end !== Scan.cold) break;
    next = store.coldSequence;
    await until(
      new Promise<void>((resolve, reject) => {
        store.load(next, Number.MAX_SAFE_INTEGER, (error) => (error === null ? resolve() : reject(error)));
      }),
    );
  }
  assert.is(store.count, records.size);
  assert.is(store.first, records.size === 0 ? store.last + 1 : records.keys().next().value);
  assert.is(store.read(store.last + 1), Read.gone);
  const cells = new Map<string, string>();
  for (const name of await store.cells.list(''))
    cells.set(name, Buffer.from((await store.cells.get(name))!).toString());
  return { records, cells, last: store.last };
}

function textOf(record: StoredRecord): string {
  const subject = Buffer.from(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd)).toString();
  const body = Buffer.from(record.bytes.subarray(record.bodyStart, record.bodyEnd)).toString();
  assert.equal([record.seconds, record.nanos], [1_700_000_000 + record.seq, record.seq % 1000]);
  assert.is(record.flags, record.seq & 0xffff);
  return `${subject} ${body}`;
}

export function isSame(one: Moment, other: Moment): boolean {
  return one.last === other.last && isSameMap(one.records, other.records) && isSameMap(one.cells, other.cells);
}

function isSameMap<K>(one: ReadonlyMap<K, string>, other: ReadonlyMap<K, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

/** In a few words how what was found differs from the newest moment it should be. */
export function explain(found: Moment, moments: ReadonlyMap<number, Moment>, durable: number): string {
  const [ticket, nearest] = [...moments].sort(
    (a, b) => Math.abs(a[1].last - found.last) - Math.abs(b[1].last - found.last),
  )[0]!;
  const missing = [...nearest.records.keys()].filter((seq) => found.records.get(seq) !== nearest.records.get(seq));
  const extra = [...found.records.keys()].filter((seq) => !nearest.records.has(seq));
  const cells = `${JSON.stringify([...found.cells])} for ${JSON.stringify([...nearest.cells])}`;
  return `last ${found.last}, ${found.records.size} records; ticket ${ticket} (durable ${durable}, ${moments.size} moments) has last ${nearest.last}; missing ${missing}, too many ${extra}, cells ${cells}`;
}
