/** What tests do with stores, whatever the driver: append, wait, read also what is cold. */
import assert from 'node:assert/strict';
import { Read, type RecordStore, Scan, type StoredRecord, type StoreSnapshot } from '../contract.ts';
import { bytesOf, difference, type Sample } from './sample-message.ts';
import type { RunningDriver } from './subject.ts';

const TURNS_MAX = 3_000_000;

export function put(store: RecordStore, seq: number, given: Sample): number {
  return store.append(seq, given.seconds, given.nanos, given.flags, bytesOf(given));
}

/** Resolves when the ticket is durable; rejects when the store fails. */
export async function untilDurable(running: RunningDriver, store: RecordStore, ticket: number): Promise<void> {
  assert.ok(ticket >= 0, `a write was refused: ${ticket}`);
  let failure: Error | null = null;
  store.onDurable({
    durable: () => undefined,
    failed: (error) => {
      failure = error;
    },
  });
  for (let turn = 0; store.durableTicket < ticket; turn++) {
    if (failure !== null) throw failure;
    assert.ok(turn < TURNS_MAX, `ticket ${ticket} did not become durable; ${store.durableTicket} is`);
    await running.turn();
  }
  store.onDurable(null);
}

/** What `read` says once the record is there to be read. */
export async function readWarm(store: RecordStore, seq: number): Promise<Read> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const read = store.read(seq);
    if (read !== Read.cold) return read;
    await warmed(store, seq, seq);
  }
  throw new Error(`sequence ${seq} is cold although it was loaded`);
}

export async function expectRecord(store: RecordStore, seq: number, expected: Sample): Promise<void> {
  assert.equal(await readWarm(store, seq), Read.found, `there is no record ${seq}`);
  assert.equal(difference(store.record, seq, expected), null);
}

/** Visits all of a range, loading what is cold. */
export async function scanWarm(
  source: RecordStore | StoreSnapshot,
  from: number,
  to: number,
  visit: (record: StoredRecord) => boolean,
): Promise<Scan> {
  let next = from;
  const step = from <= to ? 1 : -1;
  for (let loads = 0; ; loads++) {
    const end = source.scan(next, to, (record) => {
      next = record.seq + step;
      return visit(record);
    });
    if (end !== Scan.cold) return end;
    assert.ok(loads < TURNS_MAX, `a scan finds ${source.coldSequence} cold again and again`);
    next = source.coldSequence;
    await warmed(source, next, to);
  }
}

export async function sequences(source: RecordStore | StoreSnapshot, from: number, to: number): Promise<number[]> {
  const found: number[] = [];
  await scanWarm(source, from, to, (record) => found.push(record.seq) > 0);
  return found;
}

export function gapsOf(store: RecordStore, from: number, to: number): [number, number][] {
  const found: [number, number][] = [];
  store.gaps(from, to, (start, end) => void found.push([start, end]));
  return found;
}

function warmed(source: RecordStore | StoreSnapshot, from: number, to: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasReturned = false;
    source.load(from, to, (error) => {
      assert.ok(hasReturned, 'load calls back before it returns');
      if (error === null) resolve();
      else reject(error);
    });
    hasReturned = true;
  });
}
