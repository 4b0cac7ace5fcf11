/** Named values as pieces: what is added to a cell is a piece of its own. */
import type { Cells } from '../contract.ts';
import type { BatchWriter, Database, Operation } from './batch-writer.ts';
import { cellKey, cellNameOf, rangesOf } from './keys.ts';
import { opened, sealed } from './values.ts';

/** What cells need of their store. */
export interface CellHost {
  readonly number: number;
  /** Takes the writes, or keeps them for the unit that is open; answers the ticket. */
  write(apply: () => Operation[]): number;
}

const NAME_BYTES_MAX = 255;

export class LevelCells implements Cells {
  private readonly host: CellHost;
  private readonly database: Database;
  private readonly writer: BatchWriter;
  /** How many pieces each has. */
  private readonly pieces = new Map<string, number>();

  constructor(host: CellHost, database: Database, writer: BatchWriter) {
    this.host = host;
    this.database = database;
    this.writer = writer;
  }

  async open(): Promise<void> {
    for await (const key of this.database.keys(rangesOf(this.host.number).cells)) {
      const name = cellNameOf(key);
      this.pieces.set(name, (this.pieces.get(name) ?? 0) + 1);
    }
  }

  put(name: string, value: Uint8Array): number {
    checkName(name);
    const copy = value.slice();
    return this.host.write(() => {
      const operations = this.forget(name, 1);
      this.pieces.set(name, 1);
      return [...operations, this.piece(name, 0, copy)];
    });
  }

  extend(name: string, more: Uint8Array): number {
    checkName(name);
    const copy = more.slice();
    return this.host.write(() => {
      const count = this.pieces.get(name) ?? 0;
      this.pieces.set(name, count + 1);
      return [this.piece(name, count, copy)];
    });
  }

  delete(name: string): number {
    checkName(name);
    return this.host.write(() => {
      const operations = this.forget(name, 0);
      this.pieces.delete(name);
      return operations;
    });
  }

  async get(name: string): Promise<Uint8Array | null> {
    if (!this.pieces.has(name)) return null;
    await this.writer.flush();
    const parts: Uint8Array[] = [];
    for (let piece = 0; piece < (this.pieces.get(name) ?? 0); piece++) {
      const key = cellKey(this.host.number, name, piece);
      const value = await this.database.get(key);
      const content = value === undefined ? null : opened(key, value);
      if (content === null) throw new Error(`piece ${piece} of the cell '${name}' is damaged`);
      parts.push(content);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  async list(prefix: string): Promise<string[]> {
    const names = [...this.pieces.keys()].filter((name) => name.startsWith(prefix));
    return names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  }

  /** Deletes the pieces from one on. */
  private forget(name: string, from: number): Operation[] {
    const count = this.pieces.get(name) ?? 0;
    const operations: Operation[] = [];
    for (let piece = from; piece < count; piece++) {
      operations.push({ type: 'del', key: cellKey(this.host.number, name, piece) });
    }
    return operations;
  }

  private piece(name: string, piece: number, value: Uint8Array): Operation {
    const key = cellKey(this.host.number, name, piece);
    return { type: 'put', key, value: sealed(key, value) };
  }
}

function checkName(name: string): void {
  const length = Buffer.byteLength(name);
  if (length === 0 || length > NAME_BYTES_MAX) throw new RangeError(`a cell's name has 1 to 255 bytes, not ${length}`);
}
