/** A file of a simulated disk: what is safe, what programs see, and the writes that make the difference. */
import type { Dice } from './disk-faults.ts';

/** The most that a disk writes as a whole. */
export const SECTOR_BYTES = 512;

/** Something that is done, and that a power cut may undo in whole or in parts. */
export interface Unsynced {
  /** Its place among all that happened on the disk. */
  readonly order: number;
  /** How many parts of it may be lost, each by itself. */
  readonly parts: number;
  keep(part: number): void;
}

/** Bytes that grow as they are written. */
export class Image {
  size = 0;
  private bytes = new Uint8Array(0);

  get content(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  write(position: number, piece: Uint8Array): void {
    this.grow(position + piece.length);
    this.bytes.set(piece, position);
  }

  resize(size: number): void {
    if (size < this.size) this.bytes.fill(0, size, this.size);
    this.grow(size);
    this.size = size;
  }

  copyFrom(other: Image): void {
    this.bytes = other.bytes.slice(0, other.size);
    this.size = other.size;
  }

  private grow(size: number): void {
    if (size > this.bytes.length) {
      const next = new Uint8Array(Math.max(size, this.bytes.length * 2));
      next.set(this.content);
      this.bytes = next;
    }
    this.size = Math.max(this.size, size);
  }
}

/** Bytes on their way to a place in a file. A power cut keeps some of their sectors. */
export class PendingWrite implements Unsynced {
  readonly order: number;
  readonly position: number;
  readonly parts: number;
  private readonly pieces: readonly Uint8Array[];
  private readonly file: SimulatedInode;

  constructor(file: SimulatedInode, order: number, position: number, pieces: readonly Uint8Array[]) {
    this.file = file;
    this.order = order;
    this.position = position;
    this.pieces = pieces;
    const end = pieces.reduce((sum, piece) => sum + piece.length, position);
    this.parts = end === position ? 0 : sectorOf(end - 1) - sectorOf(position) + 1;
  }

  /** A copy of what the pieces hold now, if there is more than one of them. */
  get bytes(): Uint8Array {
    return this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
  }

  keep(part: number): void {
    const { bytes } = this;
    const sector = (sectorOf(this.position) + part) * SECTOR_BYTES;
    const start = Math.max(sector, this.position);
    const end = Math.min(sector + SECTOR_BYTES, this.position + bytes.length);
    this.file.durable.write(start, bytes.subarray(start - this.position, end - this.position));
  }
}

class PendingResize implements Unsynced {
  readonly order: number;
  readonly parts = 1;
  private readonly file: SimulatedInode;
  private readonly size: number;

  constructor(file: SimulatedInode, order: number, size: number) {
    this.file = file;
    this.order = order;
    this.size = size;
  }

  keep(): void {
    this.file.durable.resize(this.size);
  }
}

export class SimulatedInode {
  readonly durable = new Image();
  readonly current = new Image();
  pending: Unsynced[] = [];

  write(order: number, position: number, bytes: Uint8Array): void {
    const own = new Uint8Array(bytes);
    this.current.write(position, own);
    this.pending.push(new PendingWrite(this, order, position, [own]));
  }

  resize(order: number, size: number): void {
    this.current.resize(size);
    this.pending.push(new PendingResize(this, order, size));
  }

  /** What happened before the sync began is safe; of the rest nobody knows. */
  sync(before: number): void {
    const safe = this.pending.filter((item) => item.order < before);
    for (const item of safe) keepAll(item);
    this.pending = this.pending.filter((item) => item.order >= before);
  }

  /** What a failed sync leaves: pages that look clean, and will never be written. */
  forgetUnsynced(): void {
    this.pending = [];
  }

  restart(): void {
    this.pending = [];
    this.current.copyFrom(this.durable);
  }

  /** Damage: the same for programs and for the disk. */
  damage(change: (image: Image) => void): void {
    change(this.durable);
    change(this.current);
  }
}

export function keepAll(item: Unsynced): void {
  for (let part = 0; part < item.parts; part++) item.keep(part);
}

/** Some sectors of a write, as a disk leaves them that forgets the others. */
export function someSectors(position: number, bytes: Uint8Array, dice: Dice): [number, Uint8Array][] {
  const kept: [number, Uint8Array][] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, (sectorOf(position + at) + 1) * SECTOR_BYTES - position);
    if (dice.below(2) === 0) kept.push([position + at, bytes.subarray(at, end)]);
    at = end;
  }
  return kept;
}

function sectorOf(position: number): number {
  return Math.floor(position / SECTOR_BYTES);
}
