/** The keys of the database. All of a store begins with its number, so that it can be walked and dropped as a range. */

/** What a key belongs to: its first byte. */
const Kind = { store: 1, batch: 2, record: 3, state: 4, cell: 5, removal: 6 } as const;

export function storeKey(id: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(Kind.store), Buffer.from(id)]);
}

/** Of a store that is not there yet, or not any more: 255 begins no id. */
export function hiddenKey(store: number): Uint8Array {
  const key = Buffer.alloc(6);
  key[0] = Kind.store;
  key[1] = 255;
  key.writeUInt32BE(store, 2);
  return key;
}

export function isHidden(key: Uint8Array): boolean {
  return key[1] === 255;
}

export function storeIdOf(key: Uint8Array): string {
  return Buffer.from(key.subarray(1)).toString();
}

export const ALL_STORES = kindRange(Kind.store);
export const ALL_BATCHES = kindRange(Kind.batch);

export function batchKey(number: number): Uint8Array {
  return numbered(Kind.batch, 0, number);
}

export function recordKey(store: number, seq: number): Uint8Array {
  return numbered(Kind.record, store, seq);
}

export function recordRange(store: number, from: number, to: number): KeyRange {
  return { gte: recordKey(store, from), lt: recordKey(store, to + 1) };
}

export function sequenceOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return view.getUint32(5) * 2 ** 32 + view.getUint32(9);
}

export function stateKey(store: number): Uint8Array {
  return numbered(Kind.state, store, 0);
}

/** A removal that waits until no snapshot needs the records. */
export function removalKey(store: number, number: number): Uint8Array {
  return numbered(Kind.removal, store, number);
}

/** Pieces of a cell follow each other. */
export function cellKey(store: number, name: string, piece: number): Uint8Array {
  const text = Buffer.from(name);
  const key = Buffer.alloc(5 + 1 + text.length + 4);
  key[0] = Kind.cell;
  key.writeUInt32BE(store, 1);
  key[5] = text.length;
  text.copy(key, 6);
  key.writeUInt32BE(piece, 6 + text.length);
  return key;
}

export function cellNameOf(key: Uint8Array): string {
  return Buffer.from(key.subarray(6, 6 + key[5]!)).toString();
}

/** All keys of a store, kind by kind. */
export function rangesOf(store: number): Record<'records' | 'states' | 'cells' | 'removals', KeyRange> {
  return {
    records: storeRange(Kind.record, store),
    states: storeRange(Kind.state, store),
    cells: storeRange(Kind.cell, store),
    removals: storeRange(Kind.removal, store),
  };
}

export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

function kindRange(kind: number): KeyRange {
  return { gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) };
}

function storeRange(kind: number, store: number): KeyRange {
  return { gte: numbered(kind, store, 0).subarray(0, 5), lt: numbered(kind, store + 1, 0).subarray(0, 5) };
}

function numbered(kind: number, store: number, number: number): Uint8Array {
  const key = Buffer.alloc(13);
  key[0] = kind;
  key.writeUInt32BE(store, 1);
  key.writeUInt32BE(Math.floor(number / 2 ** 32), 5);
  key.writeUInt32BE(number % 2 ** 32, 9);
  return key;
}
