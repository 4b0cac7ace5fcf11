/** Named values, each as the pieces it was written in. What a unit writes waits until the unit is committed. */
import type { Cells, Refused } from '../contract.ts';

/** What cells need of the store they belong to. */
export interface CellHost {
  /** A ticket for one more write, 0 within a unit, or why there is none. */
  nextTicket(): number;
  readonly isInUnit: boolean;
  /** Memory that cells take, more or less. */
  cellBytes: number;
}

interface StagedCell {
  readonly name: string;
  /** Null deletes. */
  readonly value: Uint8Array | null;
  readonly isMore: boolean;
}

export class MemoryCells implements Cells {
  private readonly host: CellHost;
  private readonly values = new Map<string, Uint8Array[]>();
  private readonly staged: StagedCell[] = [];

  constructor(host: CellHost) {
    this.host = host;
  }

  put(name: string, value: Uint8Array): number {
    return this.write({ name, value: value.slice(), isMore: false });
  }

  extend(name: string, more: Uint8Array): number {
    return this.write({ name, value: more.slice(), isMore: true });
  }

  delete(name: string): number {
    return this.write({ name, value: null, isMore: false });
  }

  async get(name: string): Promise<Uint8Array | null> {
    const pieces = this.values.get(name);
    if (pieces === undefined) return null;
    return pieces.length === 1 ? pieces[0]!.slice() : joined(pieces);
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.values.keys()].filter((name) => name.startsWith(prefix)).sort(byBytes);
  }

  commit(): void {
    for (const cell of this.staged) this.apply(cell);
    this.staged.length = 0;
  }

  abort(): void {
    this.staged.length = 0;
  }

  private write(cell: StagedCell): number {
    checkName(cell.name);
    const ticket = this.host.nextTicket();
    if (ticket < 0) return ticket as Refused;
    if (this.host.isInUnit) this.staged.push(cell);
    else this.apply(cell);
    return ticket;
  }

  private apply({ name, value, isMore }: StagedCell): void {
    const before = this.values.get(name);
    if (isMore && value !== null && before !== undefined) {
      before.push(value);
      this.host.cellBytes += value.length;
      return;
    }
    if (before !== undefined) this.host.cellBytes -= totalLength(before);
    if (value === null) this.values.delete(name);
    else {
      this.values.set(name, [value]);
      this.host.cellBytes += value.length;
    }
  }
}

const NAME_BYTES_MAX = 255;

function checkName(name: string): void {
  const length = Buffer.byteLength(name);
  if (length === 0 || length > NAME_BYTES_MAX) throw new RangeError(`a cell's name has 1 to 255 bytes, not ${length}`);
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function totalLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(totalLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
