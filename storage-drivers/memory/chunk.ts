/** Memory that records are copied into, one after the other. */

/** Records lie at multiples of four bytes, so that 16 bits say where within a chunk. */
export const CHUNK_BYTES_MAX = 262_144;
const CHUNK_BYTES_MIN = 1024;
const GROWTH = 4;
/** Up to here, copying word by word is faster than making a view for `set`. */
const WORDWISE_MAX = 160;

export class Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used = 0;
  /** Of what was used, how much belongs to records that are still there. */
  live = 0;

  constructor(size: number) {
    // Not from a pool: a chunk that is let go of gives its memory back.
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
  }

  hasRoom(length: number): boolean {
    return this.used + length <= this.bytes.length;
  }

  /** Copies what lies between the two in another chunk to the end of this one. */
  take(from: Chunk, start: number, end: number): void {
    if (end > start) this.bytes.set(from.bytes.subarray(start, end), this.used);
    this.used += end - start;
  }
}

/** How large the next chunk of a store is whose last one was `before`: small stores stay small. */
export function sizeAfter(before: Chunk | null, length: number): number {
  const usual = before === null ? CHUNK_BYTES_MIN : before.bytes.length * GROWTH;
  return Math.max(length, Math.min(CHUNK_BYTES_MAX, usual));
}

export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** Copies between arrays, and makes nothing while the source stays the same one. */
export class Copier {
  private source: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));

  copy(source: Uint8Array, start: number, end: number, target: Chunk, at: number): void {
    if (end - start > WORDWISE_MAX) {
      target.bytes.set(source.subarray(start, end), at);
      return;
    }
    if (source !== this.source) this.face(source);
    const from = this.view;
    const to = target.view;
    let read = start;
    let write = at;
    for (; read + 4 <= end; read += 4, write += 4) to.setInt32(write, from.getInt32(read, true), true);
    for (; read < end; read++, write++) target.bytes[write] = source[read]!;
  }

  private face(source: Uint8Array): void {
    this.source = source;
    this.view = new DataView(source.buffer, source.byteOffset, source.length);
  }
}
