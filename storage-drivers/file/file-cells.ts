/** Named values, each as the pieces it was written in. What a unit writes waits until the unit is committed. */
import type { Cells } from '../contract.ts';

/** What cells need of the store they belong to: writes go to the journal first. */
export interface CellHost {
  writeCell(change: CellChange): number;
}

export interface CellChange {
  readonly name: string;
  /** Null deletes. */
  readonly value: Uint8Array | null;
  readonly isMore: boolean;
}

const NAME_BYTES_MAX = 255;

export class FileCells implements Cells {
  bytes = 0;
  private readonly host: CellHost;
  private values = new Map<string, Uint8Array[]>();

  constructor(host: CellHost) {
    this.host = host;
  }

  put(name: string, value: Uint8Array): number {
    return this.write({ name, value: new Uint8Array(value), isMore: false });
  }

  extend(name: string, more: Uint8Array): number {
    return this.write({ name, value: new Uint8Array(more), isMore: true });
  }

  delete(name: string): number {
    return this.write({ name, value: null, isMore: false });
  }

  async get(name: string): Promise<Uint8Array | null> {
    const pieces = this.values.get(name);
    return pieces === undefined ? null : joined(pieces);
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.values.keys()].filter((name) => name.startsWith(prefix)).sort(byBytes);
  }

  /** The change is in the journal. */
  apply({ name, value, isMore }: CellChange): void {
    const before = this.values.get(name);
    if (isMore && value !== null && before !== undefined) {
      this.values.set(name, [...joinedWhenMany(before), value]);
      this.bytes += value.length;
      return;
    }
    if (before !== undefined) this.bytes -= lengthOf(before);
    if (value === null) this.values.delete(name);
    else {
      this.values.set(name, [value]);
      this.bytes += value.length;
    }
  }

  /** What is there now, to be written down later: values are never changed in place. */
  capture(): Map<string, readonly Uint8Array[]> {
    return new Map(this.values);
  }

  restore(values: ReadonlyMap<string, Uint8Array>): void {
    for (const [name, value] of values) this.apply({ name, value, isMore: false });
  }

  private write(change: CellChange): number {
    const length = Buffer.byteLength(change.name);
    if (length === 0 || length > NAME_BYTES_MAX)
      throw new RangeError(`a cell's name has 1 to 255 bytes, not ${length}`);
    return this.host.writeCell(change);
  }
}

const PIECES_MAX = 64;

function joinedWhenMany(pieces: Uint8Array[]): Uint8Array[] {
  return pieces.length < PIECES_MAX ? pieces : [joined(pieces)];
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
