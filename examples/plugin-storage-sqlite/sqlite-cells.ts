import type { Cells } from 'gnatlet/contracts';
import { firstRow } from './sqlite-module.ts';
import type { Tables } from './tables.ts';

/** Cells as rows. Names are bytes, so that they are ordered as the contract wants. */
export class SqliteCells implements Cells {
  private readonly tables: Tables;
  private readonly store: number;
  private readonly write: (run: () => void) => number;

  /** `write` runs what it is given with the other writes, now or at the end of a unit, and answers the ticket. */
  constructor(tables: Tables, store: number, write: (run: () => void) => number) {
    this.tables = tables;
    this.store = store;
    this.write = write;
  }

  put(name: string, value: Uint8Array): number {
    const key = keyOf(name);
    const copy = value.slice();
    return this.write(() => void this.tables.putCell.run([this.store, key, copy]));
  }

  extend(name: string, more: Uint8Array): number {
    const key = keyOf(name);
    const copy = more.slice();
    return this.write(() => {
      const before = this.find(key) ?? new Uint8Array(0);
      this.tables.putCell.run([this.store, key, Buffer.concat([before, copy])]);
    });
  }

  delete(name: string): number {
    const key = keyOf(name);
    return this.write(() => void this.tables.deleteCell.run([this.store, key]));
  }

  async get(name: string): Promise<Uint8Array | null> {
    return this.find(keyOf(name));
  }

  async list(prefix: string): Promise<string[]> {
    const names = this.tables.cellNames.all([this.store]).map(({ name }) => Buffer.from(name as Uint8Array).toString());
    return names.filter((name) => name.startsWith(prefix));
  }

  private find(key: Uint8Array): Uint8Array | null {
    const row = firstRow(this.tables.getCell, [this.store, key]);
    return row === undefined ? null : (row.value as Uint8Array);
  }
}

function keyOf(name: string): Uint8Array {
  const key = new Uint8Array(Buffer.from(name));
  if (key.length === 0 || key.length > 255) throw new RangeError(`a cell's name has 1 to 255 bytes, not ${key.length}`);
  return key;
}
